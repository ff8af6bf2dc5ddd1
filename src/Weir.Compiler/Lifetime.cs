using System.Runtime.InteropServices;
using Weir.Kernels.Service;

namespace Weir.Compiler;

/// <summary>
/// When the service ends: with a parent, once that is gone and nobody is connected; without one, after an idle time.
/// </summary>
internal static class Lifetime
{
    private const int PidFdOpen = 434;
    private const int PollMilliseconds = 500;

    /// <summary>Returns when the service is no longer needed.</summary>
    /// <param name="server">The service.</param>
    /// <param name="parentPid">Process that it was started for, or 0.</param>
    /// <param name="idle">Time without connections after which it ends when it has no parent.</param>
    /// <param name="finishes">
    /// Better code that is being made in the background is finished first. A node's service leaves it: whoever asked for it was the node's own
    /// worker, and has ended with the node.
    /// </param>
    public static void WaitForEnd(CompileServer server, int parentPid, TimeSpan idle, bool finishes)
    {
        int parent = parentPid > 0 ? (int)syscall(PidFdOpen, parentPid, 0) : -1;
        bool hasParent = parent >= 0;
        if (parentPid > 0 && !hasParent)
        {
            // It has ended before we could look; whoever connects is served, then the idle time counts.
            idle = TimeSpan.FromSeconds(2);
        }
        long quietSince = Environment.TickCount64;
        while (true)
        {
            if (hasParent)
            {
                if (WaitForParent(parent, -1))
                {
                    hasParent = false;
                    idle = TimeSpan.FromSeconds(2);
                    quietSince = Environment.TickCount64;
                }
                continue;
            }
            Thread.Sleep(PollMilliseconds);
            if (server.Connections - (finishes ? 0 : server.Improving) > 0)
            {
                quietSince = Environment.TickCount64;
            }
            else if (Environment.TickCount64 - quietSince >= idle.TotalMilliseconds)
            {
                return;
            }
        }
    }

    /// <summary>Waits until a process ends; a pidfd is readable from then on.</summary>
    private static unsafe bool WaitForParent(int pidfd, int timeoutMs)
    {
        PollFd entry = new() { Fd = pidfd, Events = 1 };
        return poll(&entry, 1, timeoutMs) > 0;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct PollFd
    {
        public int Fd;
        public short Events;
        public short Returned;
    }

    [DllImport("libc")]
    private static extern unsafe int poll(PollFd* entries, ulong count, int timeout);

    [DllImport("libc", EntryPoint = "syscall")]
    private static extern nint syscall(nint number, nint a, nint b);
}
