using System.Runtime.InteropServices;
using Weir.Wire;

namespace Weir.Worker.Relaying;

/// <summary>Snapshots of several shards as one: their devices one after another.</summary>
internal static unsafe class SnapshotMerge
{
    /// <summary>Devices in a snapshot that has been checked; an empty one has none.</summary>
    public static uint DeviceCount(ReadOnlySpan<byte> snapshot) =>
        snapshot.Length < sizeof(SnapshotHeader) ? 0 : MemoryMarshal.Read<SnapshotHeader>(snapshot).DeviceCount;

    /// <summary>The devices of both; the driver's version is the lower one.</summary>
    public static byte[] Append(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second)
    {
        if (first.Length < sizeof(SnapshotHeader))
        {
            return second.ToArray();
        }
        if (second.Length < sizeof(SnapshotHeader))
        {
            return first.ToArray();
        }
        var header = MemoryMarshal.Read<SnapshotHeader>(first);
        var other = MemoryMarshal.Read<SnapshotHeader>(second);
        header.DriverVersion = Math.Min(header.DriverVersion, other.DriverVersion);
        uint count = Math.Min(header.DeviceCount + other.DeviceCount, SnapshotHeader.MaxDevices);
        int added = (int)(count - header.DeviceCount) * sizeof(DeviceSnapshot);
        header.DeviceCount = count;
        byte[] merged = [.. first, .. second.Slice(sizeof(SnapshotHeader), added)];
        MemoryMarshal.Write(merged, in header);
        return merged;
    }
}
