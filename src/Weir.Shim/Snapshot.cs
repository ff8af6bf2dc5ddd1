using Weir.Shim.Guest;
using Weir.Wire;

namespace Weir.Shim;

/// <summary>What the worker said of its devices at attach; answers every device query without a round trip.</summary>
internal static unsafe class Snapshot
{
    private static nint s_snapshot;

    /// <summary>Null while nothing is known.</summary>
    internal static SnapshotHeader* Current => (SnapshotHeader*)s_snapshot;

    internal static int DeviceCount => s_snapshot == 0 ? 0 : (int)Current->DeviceCount;

    /// <summary>The device; null when there is no such ordinal.</summary>
    internal static DeviceSnapshot* Device(int ordinal) =>
        (uint)ordinal < (uint)DeviceCount ? (DeviceSnapshot*)(s_snapshot + sizeof(SnapshotHeader)) + ordinal : null;

    /// <summary>Copy the snapshot out of a checked welcome; false when it has none or there is no memory.</summary>
    internal static bool TryKeep(byte* welcome)
    {
        var source = Broker.SnapshotOf(welcome);
        if (source == null)
        {
            return false;
        }
        var bytes = (nuint)(sizeof(SnapshotHeader) + source->DeviceCount * sizeof(DeviceSnapshot));
        var copy = GuestLibc.MapZeroed(bytes);
        if (copy == null)
        {
            return false;
        }
        _ = GuestLibc.Copy(copy, source, bytes);
        Volatile.Write(ref s_snapshot, (nint)copy);
        return true;
    }
}
