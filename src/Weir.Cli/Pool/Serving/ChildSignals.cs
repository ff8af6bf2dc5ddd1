using System.Globalization;
using System.Runtime.InteropServices;

namespace Weir.Cli.Pool.Serving;

/// <summary>Signals to processes that `weir up` started, or that one before it did.</summary>
internal static partial class ChildSignals
{
    private const int SigTerm = 15;

    /// <summary>SIGTERM; a process that is gone is no error.</summary>
    public static void Terminate(int process) => _ = Kill(process, SigTerm);

    /// <summary>
    /// Ends what a killed `weir up` left: processes of the list in <paramref name="file"/> that still are what they were.
    /// </summary>
    public static async Task EndLeftoversAsync(string file)
    {
        if (!File.Exists(file))
        {
            return;
        }
        foreach (string line in await File.ReadAllLinesAsync(file))
        {
            if (
                line.Split(' ') is not [var id, var name]
                || !int.TryParse(id, CultureInfo.InvariantCulture, out int process)
            )
            {
                continue;
            }
            for (int tries = 0; tries < 100 && Is(process, name); tries++)
            {
                Terminate(process);
                await Task.Delay(100);
            }
        }
        File.Delete(file);
    }

    private static bool Is(int process, string name)
    {
        try
        {
            return File.ReadAllText($"/proc/{process}/cmdline").Contains(name, StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false;
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);
}
