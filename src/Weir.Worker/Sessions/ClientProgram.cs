namespace Weir.Worker.Sessions;

/// <summary>Who the client is, for summaries and logs.</summary>
/// <param name="ProcessId">Its process id.</param>
/// <param name="Path">Its executable.</param>
/// <param name="Arguments">Its command line.</param>
internal sealed record ClientProgram(int ProcessId, string Path, IReadOnlyList<string> Arguments)
{
    private const int MaxArguments = 64;

    /// <summary>Reads what /proc tells; <paramref name="said"/> is what the client calls itself, where it said so.</summary>
    public static ClientProgram Describe(int processId, string said = "")
    {
        string[] arguments = [];
        try
        {
            said = said.Length > 0 ? said : File.ResolveLinkTarget($"/proc/{processId}/exe", false)?.FullName ?? "";
            arguments = File.ReadAllText($"/proc/{processId}/cmdline").TrimEnd('\0').Split('\0');
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // It has gone already, or is not ours to look at; its own word must do.
        }
        return new ClientProgram(processId, said, [.. arguments.Take(MaxArguments)]);
    }
}
