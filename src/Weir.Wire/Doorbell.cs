namespace Weir.Wire;

/// <summary>
/// How the worker's dispatcher sleeps while no ring has records. Usage:
/// <code>
/// Doorbell.Announce(control);             // "I am about to sleep", fence
/// if (nothing in any ring) Doorbell.Sleep(control, timeoutNs); else Doorbell.Cancel(control);
/// </code>
/// </summary>
internal static unsafe class Doorbell
{
    private const int MembarrierGlobalExpedited = 2;
    private const int MembarrierRegisterGlobalExpedited = 4;

    /// <summary>True when this kernel lets one process fence the threads of another that registered.</summary>
    internal static bool TryGlobalFence() =>
        Libc.SyscallRaw(Libc.SysMembarrier, MembarrierGlobalExpedited, 0, 0, 0, 0, 0) == 0;

    /// <summary>Client: let the worker's global fence reach this process's threads.</summary>
    internal static bool TryRegister() =>
        Libc.SyscallRaw(Libc.SysMembarrier, MembarrierRegisterGlobalExpedited, 0, 0, 0, 0, 0) == 0;

    /// <summary>Worker: say that it is about to sleep. After this every ring must be looked at once more.</summary>
    internal static void Announce(ControlPage* control)
    {
        Interlocked.Exchange(ref control->WorkerSleeping, 1);
        if (control->WorkerFences != 0)
        {
            TryGlobalFence();
        }
    }

    /// <summary>Worker: there was something after all.</summary>
    internal static void Cancel(ControlPage* control) => Volatile.Write(ref control->WorkerSleeping, 0);

    /// <summary>Worker: sleep until rung or <paramref name="timeoutNs"/> are over (negative = no limit).</summary>
    internal static void Sleep(ControlPage* control, long timeoutNs)
    {
        Futex.Wait(&control->WorkerSleeping, 1, timeoutNs);
        Volatile.Write(ref control->WorkerSleeping, 0);
    }

    /// <summary>Either side: wake the dispatcher if it sleeps. The caller has published before, with a fence.</summary>
    internal static void Ring(ControlPage* control) => _ = Futex.WakeSleeper(&control->WorkerSleeping);
}
