using System.Text.Json;

namespace Weir.Cli.Demo;

/// <summary>What Weir counted while a program ran; read from the session summaries that the worker writes.</summary>
/// <param name="Device">Name of the device as the program saw it.</param>
/// <param name="Backend">"software" or "cuda".</param>
/// <param name="KernelsCompiled">Kernels compiled anew, not found in the disk cache.</param>
/// <param name="KernelsCached">Kernels taken from the disk cache.</param>
/// <param name="Launches">Kernel launches.</param>
/// <param name="BytesCopied">Bytes copied to the device, back, and within it.</param>
internal sealed record SessionFigures(
    string Device,
    string Backend,
    long KernelsCompiled,
    long KernelsCached,
    long Launches,
    long BytesCopied
)
{
    /// <summary>
    /// The sum over the sessions in a report (one JSON object per line). A worker writes its line after its client has
    /// gone, so the first one is waited for; null when none comes.
    /// </summary>
    public static SessionFigures? Read(string report)
    {
        for (int attempt = 0; attempt < 200; attempt++)
        {
            if (File.Exists(report) && File.ReadAllText(report) is { } text && text.EndsWith('\n'))
            {
                return text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(Parse).Aggregate(Add);
            }
            Thread.Sleep(10);
        }
        return null;
    }

    private static SessionFigures Parse(string line)
    {
        using JsonDocument document = JsonDocument.Parse(line);
        JsonElement root = document.RootElement;
        return new SessionFigures(
            root.GetProperty("device").GetString() ?? "",
            root.GetProperty("backend").GetString() ?? "",
            Count("kernelsCompiled"),
            Count("kernelsFromCache"),
            Count("kernelLaunches"),
            Count("bytesToDevice") + Count("bytesToHost") + Count("bytesOnDevice")
        );

        long Count(string name) => root.GetProperty(name).GetInt64();
    }

    private static SessionFigures Add(SessionFigures one, SessionFigures other) =>
        new(
            one.Device,
            one.Backend,
            one.KernelsCompiled + other.KernelsCompiled,
            one.KernelsCached + other.KernelsCached,
            one.Launches + other.Launches,
            one.BytesCopied + other.BytesCopied
        );
}
