using System.Globalization;
using Weir.Posix;
using Weir.Worker.Logging;

namespace Weir.Worker.Brokering;

/// <summary>
/// Starts the compile service beside this program's file. The service looks for itself whether another one serves the
/// node already, and ends when its broker has gone and nobody is connected.
/// </summary>
internal static class CompilerStart
{
    /// <summary>Starts it, detached: neither a child of this process nor ended with it.</summary>
    /// <param name="owner">Process whose life keeps it ready.</param>
    public static void Start(int owner)
    {
        string self = NativeText.FromUtf8(Environment.ProcessPath!);
        string compiler = self[..(self.LastIndexOf('/') + 1)] + "weir-compiler";
        try
        {
            _ = ChildProcess.Start(
                compiler,
                [compiler, "--parent-pid", owner.ToString(CultureInfo.InvariantCulture)],
                NativeText.Environment(),
                [],
                output: 2,
                detached: true
            );
        }
        catch (IOException failure)
        {
            Log.Error(failure.Message);
        }
    }
}
