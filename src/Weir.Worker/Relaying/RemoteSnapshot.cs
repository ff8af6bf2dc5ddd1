using Weir.Wire;

namespace Weir.Worker.Relaying;

/// <summary>What a device on another node cannot do: reach the program's memory by itself.</summary>
internal static unsafe class RemoteSnapshot
{
    // CU_DEVICE_ATTRIBUTE_: CAN_MAP_HOST_MEMORY, MANAGED_MEMORY, PAGEABLE_MEMORY_ACCESS, CONCURRENT_MANAGED_ACCESS,
    // CAN_USE_HOST_POINTER_FOR_REGISTERED_MEM.
    private static ReadOnlySpan<int> Lost => [19, 83, 88, 89, 91];

    /// <summary>The snapshot with these attributes 0. It has been checked.</summary>
    public static byte[] Adapt(ReadOnlySpan<byte> snapshot)
    {
        byte[] adapted = snapshot.ToArray();
        fixed (byte* start = adapted)
        {
            for (
                int at = sizeof(SnapshotHeader);
                at + sizeof(DeviceSnapshot) <= adapted.Length;
                at += sizeof(DeviceSnapshot)
            )
            {
                var device = (DeviceSnapshot*)(start + at);
                foreach (int attribute in Lost)
                {
                    device->Attributes[attribute] = 0;
                }
            }
        }
        return adapted;
    }
}
