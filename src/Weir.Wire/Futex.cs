namespace Weir.Wire;

/// <summary>
/// Process-shared futexes. A sleeper word is 0 (awake) or not (asleep, or about to be): the sleeper sets it with a full fence,
/// looks once more for what it waits for, and then waits; the other side publishes, fences, and wakes only if the word is not 0.
/// </summary>
internal static unsafe class Futex
{
    /// <summary>How long both sides spin after the last activity before they sleep.</summary>
    internal const long SpinNs = 50_000;

    /// <summary>Sleep while <paramref name="word"/> is <paramref name="value"/>, without a runtime transition;
    /// a negative <paramref name="timeoutNs"/> (nanoseconds) means no limit.</summary>
    internal static void WaitRaw(uint* word, uint value, long timeoutNs)
    {
        var time = stackalloc long[2];
        time[0] = timeoutNs / 1_000_000_000;
        time[1] = timeoutNs % 1_000_000_000;
        Libc.SyscallRaw(Libc.SysFutex, (nint)word, Libc.FutexWait, (nint)value, timeoutNs < 0 ? 0 : (nint)time, 0, 0);
    }

    /// <summary>As <see cref="WaitRaw"/>, for code inside the runtime.</summary>
    internal static void Wait(uint* word, uint value, long timeoutNs)
    {
        var time = stackalloc long[2];
        time[0] = timeoutNs / 1_000_000_000;
        time[1] = timeoutNs % 1_000_000_000;
        Libc.Syscall(Libc.SysFutex, (nint)word, Libc.FutexWait, (nint)value, timeoutNs < 0 ? 0 : (nint)time, 0, 0);
    }

    /// <summary>Wake all who wait on <paramref name="word"/>; does not block.</summary>
    internal static void Wake(uint* word) =>
        Libc.SyscallRaw(Libc.SysFutex, (nint)word, Libc.FutexWake, int.MaxValue, 0, 0, 0);

    /// <summary>After publishing with a full fence: wake the owner of a sleeper word if it sleeps; true when it did.</summary>
    internal static bool WakeSleeper(uint* sleeping)
    {
        if (Volatile.Read(ref *sleeping) == 0 || Interlocked.Exchange(ref *sleeping, 0) == 0)
        {
            return false;
        }
        Wake(sleeping);
        return true;
    }
}
