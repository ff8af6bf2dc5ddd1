using System.Text.Json;
using Weir.Worker.Logging;

namespace Weir.Worker.Summaries;

/// <summary>Writes session summaries: one file each, the newest <see cref="Keep"/> are kept.</summary>
internal static class SummaryStore
{
    /// <summary>Files kept.</summary>
    public const int Keep = 100;

    /// <summary>
    /// Writes <paramref name="summary"/> to the state directory (by rename, so a reader sees all or nothing) and, as
    /// one line, to the end of <paramref name="report"/> when that is given. Failures are logged, not thrown.
    /// </summary>
    public static void Write(SessionSummary summary, string? report)
    {
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(summary, SummaryJson.Default.SessionSummary);
        try
        {
            if (StateDirectory.Sessions is { } folder)
            {
                string path = Path.Combine(folder, summary.Id + ".json");
                File.WriteAllBytes(path + ".new", json);
                File.Move(path + ".new", path, overwrite: true);
                StateDirectory.KeepNewest(folder, "*.json", Keep);
            }
            if (report is not null)
            {
                using var file = new FileStream(report, FileMode.Append, FileAccess.Write, FileShare.ReadWrite);
                file.Write([.. json, (byte)'\n']);
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            Log.Error($"no session summary: {failure.Message}");
        }
    }
}
