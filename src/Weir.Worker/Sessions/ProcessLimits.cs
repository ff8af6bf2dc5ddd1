using System.Text;
using Weir.Posix;

namespace Weir.Worker.Sessions;

/// <summary>What a worker may take of the machine: it works for a program that may be faulty or hostile.</summary>
internal static unsafe class ProcessLimits
{
    private const ulong Descriptors = 4096;

    // Room for code, stacks, compiled kernels, module images and the heap beside device memory.
    private const ulong HostBytes = 8UL << 30;

    /// <summary>Sets the limits of this process; those that the system refuses stay as they were.</summary>
    /// <param name="deviceBytes">Device memory asked for, or null for the default, which needs no limit of its own.</param>
    public static void Apply(ulong? deviceBytes)
    {
        Set(Libc.RLIMIT_CORE, 0);
        Set(Libc.RLIMIT_NOFILE, Descriptors);
        LimitMemory(deviceBytes);
        _ = Libc.prctl(Libc.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
        // When memory runs out the worker goes before the program: the program gets an error, not a signal.
        try
        {
            File.WriteAllBytes("/proc/self/oom_score_adj", Encoding.ASCII.GetBytes("500"));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // A higher score is set already.
        }
    }

    /// <summary>Limits memory to that of the device and what a worker needs beside it; null changes nothing.</summary>
    public static void LimitMemory(ulong? deviceBytes)
    {
        if (deviceBytes is { } bytes)
        {
            // Twice: what is taken off the device is kept beside it.
            Set(Libc.RLIMIT_DATA, 2 * bytes + HostBytes);
        }
    }

    private static void Set(int resource, ulong value)
    {
        ResourceLimit limit;
        if (Libc.getrlimit(resource, &limit) == 0)
        {
            limit.Soft = Math.Min(value, limit.Hard);
            limit.Hard = limit.Soft;
            _ = Libc.setrlimit(resource, &limit);
        }
    }
}
