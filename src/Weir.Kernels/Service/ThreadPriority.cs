using System.Runtime.InteropServices;

namespace Weir.Kernels.Service;

/// <summary>The calling thread's place among those that want a core.</summary>
internal static class ThreadPriority
{
    private const int PrioProcess = 0;
    private const int Background = 10;

    /// <summary>Lets others go first, for good. On Linux a nice value belongs to the thread, and 0 names the calling one.</summary>
    public static void Lower() => _ = setpriority(PrioProcess, 0, Background);

    [DllImport("libc")]
    private static extern int setpriority(int which, uint who, int priority);
}
