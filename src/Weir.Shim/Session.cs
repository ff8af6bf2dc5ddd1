using Weir.Api;
using Weir.Shim.Guest;
using Weir.Wire;

namespace Weir.Shim;

/// <summary>
/// The process's one session: made by the first cuInit, kept until the process ends. Raw code: static blittable fields, set once
/// before <see cref="Guard"/> shows them to other threads.
/// </summary>
internal static unsafe class Session
{
    /// <summary>Offsets in the guard page.</summary>
    private const int TicketOffset = 128;

    private static GuestLock s_lock;
    private static byte* s_guard;
    private static int s_socket;
    private static byte* s_segment;
    private static bool s_workerFences;

    /// <summary>
    /// A page that the kernel wipes in a forked child: its first word is 1 in the process that opened the session, 0 in a child.
    /// Null while there is no session.
    /// </summary>
    internal static byte* Guard => s_guard;

    internal static byte* Segment => s_segment;

    internal static ControlPage* Control => SegmentLayout.Control(s_segment);

    internal static int Socket => s_socket;

    internal static bool WorkerFences => s_workerFences;

    /// <summary>Success when this process has a session of its own.</summary>
    internal static CuResult Check()
    {
        var guard = s_guard;
        return guard != null && *(uint*)guard != 0 ? CuResult.Success : CuResult.NotInitialized;
    }

    /// <summary>True in a child of a process that had a session.</summary>
    internal static bool IsForkedChild
    {
        get
        {
            var guard = s_guard;
            return guard != null && *(uint*)guard == 0;
        }
    }

    /// <summary>Number that orders records of different threads.</summary>
    internal static ulong NextTicket() => Interlocked.Increment(ref *(ulong*)(s_guard + TicketOffset));

    /// <summary>cuInit: open the session if there is none.</summary>
    internal static CuResult Open()
    {
        if (s_guard != null)
        {
            return Check();
        }
        s_lock.Enter();
        var result = s_guard != null ? Check() : Attach();
        s_lock.Leave();
        return result;
    }

    private static CuResult Attach()
    {
        var socket = Broker.Connect();
        if (socket < 0)
        {
            return CuResult.NoDevice;
        }

        var buffer = GuestLibc.MapZeroed(Welcome.MaxBytes);
        var result = buffer == null ? CuResult.OutOfMemory : Attach(socket, buffer);
        if (buffer != null)
        {
            _ = GuestLibc.Unmap(buffer, Welcome.MaxBytes);
        }
        if (result != CuResult.Success)
        {
            _ = GuestLibc.Close(socket);
            Window.Release();
        }
        return result;
    }

    private static CuResult Attach(int socket, byte* buffer)
    {
        var descriptors = stackalloc int[2];
        for (var attempt = 0; ; attempt++)
        {
            if (!Window.TryReserve(ref attempt))
            {
                Log.Line("no room for the session's address range (is there a limit on address space?)"u8);
                return CuResult.OutOfMemory;
            }
            var status = Broker.Greet(socket, 0, buffer, descriptors);
            if (status == WelcomeStatus.Ok)
            {
                break;
            }
            if (status != WelcomeStatus.WindowTaken)
            {
                return status == WelcomeStatus.VersionMismatch ? CuResult.SystemDriverMismatch : CuResult.NoDevice;
            }
            Window.Release();
        }

        var result = CuResult.Unknown;
        if (descriptors[0] >= 0 && descriptors[1] >= 0)
        {
            result = Map(socket, buffer, descriptors);
        }
        for (var i = 0; i < 2; i++)
        {
            if (descriptors[i] >= 0)
            {
                _ = GuestLibc.Close(descriptors[i]);
            }
        }
        return result;
    }

    private static CuResult Map(int socket, byte* welcome, int* descriptors)
    {
        if (!Window.TryMapHost(descriptors[1]))
        {
            Log.Line("cannot map the session's host memory"u8);
            return CuResult.OutOfMemory;
        }
        var bytes = (nuint)SegmentLayout.SegmentBytes;
        var segment = GuestLibc.Map(
            null,
            bytes,
            GuestLibc.ProtReadWrite,
            GuestLibc.MapShared | GuestLibc.MapNoReserve,
            descriptors[0],
            0
        );
        if (segment == null)
        {
            Log.Line("cannot map the session's segment"u8);
            return CuResult.OutOfMemory;
        }
        var control = SegmentLayout.Control(segment);
        if (control->Magic != SegmentLayout.Magic || control->Version != SegmentLayout.Version)
        {
            _ = GuestLibc.Unmap(segment, bytes);
            return CuResult.SystemDriverMismatch;
        }
        _ = GuestLibc.Advise(segment, bytes, GuestLibc.MadvDontFork);
        _ = GuestLibc.Advise(segment, bytes, GuestLibc.MadvDontDump);

        var guard = GuestLibc.MapZeroed(4096);
        if (
            guard == null
            || !Snapshot.TryKeep(welcome)
            || !Handles.TryPrepare()
            || !ClientThread.TryPrepare()
            || GuestLibc.Advise(guard, 4096, GuestLibc.MadvWipeOnFork) != 0
        )
        {
            _ = GuestLibc.Unmap(segment, bytes);
            return CuResult.OutOfMemory;
        }

        Window.IsDeviceElsewhere = ((Welcome*)welcome)->DeviceIsElsewhere != 0;
        Window.IsHostElsewhere = ((Welcome*)welcome)->HostIsElsewhere != 0;
        s_segment = segment;
        s_socket = socket;
        s_workerFences = control->WorkerFences != 0 && Doorbell.TryRegister();
        Missing.MoveTo(segment);
        *(uint*)guard = 1;
        fixed (byte** field = &s_guard)
        {
            Volatile.Write(ref *(nint*)field, (nint)guard);
        }
        return CuResult.Success;
    }
}
