using Weir.Api;
using Weir.Shim.Guest;
using Weir.Wire;

namespace Weir.Shim;

/// <summary>
/// The thread that runs the program's host functions. It is made when the first one is posted, has all signals blocked, and lives as long
/// as the process.
/// </summary>
internal static unsafe class Callbacks
{
    private const int SetMask = 2;
    private const int SignalSetBytes = 128;
    private const long SliceNs = 1_000_000_000;

    private static GuestLock s_lock;
    private static int s_running;

    /// <summary>Make sure that the thread is there.</summary>
    internal static CuResult Start()
    {
        if (Volatile.Read(ref s_running) != 0)
        {
            return CuResult.Success;
        }
        s_lock.Enter();
        var result = CuResult.Success;
        if (s_running == 0)
        {
            var all = stackalloc byte[SignalSetBytes];
            var old = stackalloc byte[SignalSetBytes];
            _ = GuestLibc.SignalFill(all);
            _ = GuestLibc.SignalMask(SetMask, all, old);
            nuint thread;
            if (GuestLibc.ThreadCreate(&thread, null, &Run, null) == 0)
            {
                _ = GuestLibc.ThreadDetach(thread);
                Volatile.Write(ref s_running, 1);
            }
            else
            {
                result = CuResult.OperatingSystem;
            }
            _ = GuestLibc.SignalMask(SetMask, old, null);
        }
        s_lock.Leave();
        return result;
    }

    private static void* Run(void* unused)
    {
        var segment = Session.Segment;
        var control = Session.Control;
        var head = Volatile.Read(ref control->CallbackHead);
        while (true)
        {
            if (Volatile.Read(ref control->CallbackTail) == head)
            {
                Interlocked.Exchange(ref control->CallbackSleeping, 1);
                if (Volatile.Read(ref control->CallbackTail) == head)
                {
                    Futex.WaitRaw(&control->CallbackSleeping, 1, SliceNs);
                }
                Volatile.Write(ref control->CallbackSleeping, 0);
                if (ClientWait.IsGone(control, Session.Socket))
                {
                    return null;
                }
                continue;
            }

            var entry = *CallbackQueue.Entry(segment, head);
            if (entry.Kind == 0)
            {
                ((delegate* unmanaged[SuppressGCTransition]<void*, void>)entry.Function)((void*)entry.UserData);
            }
            else if (entry.Kind == CallbackEntry.OpenCl)
            {
                OpenClCalls.Called((ClNode*)entry.Function, entry.Status);
            }
            else
            {
                ((delegate* unmanaged[SuppressGCTransition]<nint, CuResult, void*, void>)entry.Function)(
                    (nint)entry.Stream,
                    (CuResult)entry.Status,
                    (void*)entry.UserData
                );
            }
            head++;
            Interlocked.Exchange(ref control->CallbackHead, head);
            Doorbell.Ring(control);
        }
    }
}
