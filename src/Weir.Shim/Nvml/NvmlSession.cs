using Weir.Api;
using Weir.Shim.Guest;
using Weir.Wire;

namespace Weir.Shim;

/// <summary>
/// NVML's own life: it works without cuInit, so it asks the broker for the snapshot only, which occupies no worker; after
/// cuInit it uses the session's. It counts initialisations as NVML does. A forked child may go on using it.
/// </summary>
internal static unsafe class NvmlSession
{
    /// <summary>Handles: small, never null, one per ordinal.</summary>
    private const nint HandleBase = 0x4000;

    private const int HandleStep = 16;

    private static GuestLock s_lock;
    private static int s_count;

    internal static NvmlReturn Open()
    {
        s_lock.Enter();
        var result = Snapshot.Current != null || TryFetch() ? NvmlReturn.Success : NvmlReturn.DriverNotLoaded;
        if (result == NvmlReturn.Success)
        {
            s_count++;
        }
        s_lock.Leave();
        return result;
    }

    internal static NvmlReturn Close()
    {
        s_lock.Enter();
        var result = s_count > 0 ? NvmlReturn.Success : NvmlReturn.Uninitialized;
        s_count -= s_count > 0 ? 1 : 0;
        s_lock.Leave();
        return result;
    }

    internal static bool IsOpen => Volatile.Read(ref s_count) > 0;

    internal static nint Handle(int ordinal) => HandleBase + ordinal * HandleStep;

    /// <summary>Ordinal of a handle, −1 when it is none.</summary>
    internal static int Ordinal(nint handle)
    {
        var offset = handle - HandleBase;
        return offset >= 0 && offset % HandleStep == 0 && offset / HandleStep < Snapshot.DeviceCount
            ? (int)(offset / HandleStep)
            : -1;
    }

    private static bool TryFetch()
    {
        var socket = Broker.Connect();
        if (socket < 0)
        {
            return false;
        }
        var buffer = GuestLibc.MapZeroed(Welcome.MaxBytes);
        var descriptors = stackalloc int[2];
        var kept =
            buffer != null
            && Broker.Greet(socket, Hello.SnapshotOnly, buffer, descriptors) == WelcomeStatus.Ok
            && Snapshot.TryKeep(buffer);
        if (buffer != null)
        {
            _ = GuestLibc.Unmap(buffer, Welcome.MaxBytes);
        }
        _ = GuestLibc.Close(socket);
        return kept;
    }
}
