using Weir.Api;
using Weir.Devices.Software.Contexts;

namespace Weir.Devices.Software.Memory;

/// <summary>Answers to cuPointerGetAttribute; each has a width of its own (CUDA Driver API, "Unified Addressing").</summary>
internal static unsafe class PointerAttributes
{
    /// <summary>Writes one attribute of an allocation.</summary>
    public static CuResult Write(
        void* data,
        CUpointer_attribute attribute,
        ulong address,
        DeviceAllocation allocation,
        bool isHost
    )
    {
        switch (attribute)
        {
            case CUpointer_attribute.Context:
                *(nint*)data = (allocation.Owner as DeviceContext)?.Handle ?? 0;
                break;
            case CUpointer_attribute.MemoryType:
                *(uint*)data = (uint)(isHost ? CUmemorytype.Host : CUmemorytype.Device);
                break;
            case CUpointer_attribute.DevicePointer:
                *(ulong*)data = address;
                break;
            case CUpointer_attribute.HostPointer when isHost:
                *(ulong*)data = address;
                break;
            case CUpointer_attribute.SyncMemops:
            case CUpointer_attribute.IsManaged:
            case CUpointer_attribute.IsLegacyCudaIpcCapable:
                *(uint*)data = 0;
                break;
            case CUpointer_attribute.DeviceOrdinal:
                *(int*)data = 0;
                break;
            case CUpointer_attribute.Mapped:
                *(uint*)data = 1;
                break;
            case CUpointer_attribute.BufferId:
            case CUpointer_attribute.MemoryBlockId:
                *(ulong*)data = allocation.Id;
                break;
            case CUpointer_attribute.RangeStartAddr:
            case CUpointer_attribute.MappingBaseAddr:
                *(ulong*)data = allocation.Address;
                break;
            case CUpointer_attribute.RangeSize:
            case CUpointer_attribute.MappingSize:
                *(ulong*)data = allocation.SizeBytes;
                break;
            case CUpointer_attribute.AllowedHandleTypes:
                *(ulong*)data = 0;
                break;
            case CUpointer_attribute.IsGpuDirectRdmaCapable:
                *(uint*)data = 0;
                break;
            case CUpointer_attribute.AccessFlags:
                *(int*)data = 3; // read and write
                break;
            case CUpointer_attribute.MempoolHandle:
                *(nint*)data = 0;
                break;
            default:
                return CuResult.InvalidValue;
        }
        return CuResult.Success;
    }

    /// <summary>Writes what the API answers for an address that it does not know.</summary>
    public static void Clear(void* data, CUpointer_attribute attribute)
    {
        switch (attribute)
        {
            case CUpointer_attribute.DeviceOrdinal:
                *(int*)data = -2; // CU_DEVICE_INVALID
                break;
            case CUpointer_attribute.MemoryType:
            case CUpointer_attribute.SyncMemops:
            case CUpointer_attribute.IsManaged:
            case CUpointer_attribute.IsLegacyCudaIpcCapable:
            case CUpointer_attribute.Mapped:
            case CUpointer_attribute.IsGpuDirectRdmaCapable:
            case CUpointer_attribute.AccessFlags:
                *(uint*)data = 0;
                break;
            default:
                *(ulong*)data = 0;
                break;
        }
    }
}
