namespace Weir.Api;

/// <summary>What can be asked of a pointer.</summary>
public enum CUpointer_attribute
{
    /// <summary>Context.</summary>
    Context = 1,

    /// <summary>Memory type.</summary>
    MemoryType = 2,

    /// <summary>Device pointer.</summary>
    DevicePointer = 3,

    /// <summary>Host pointer.</summary>
    HostPointer = 4,

    /// <summary>P2 ptokens.</summary>
    P2PTokens = 5,

    /// <summary>Sync memops.</summary>
    SyncMemops = 6,

    /// <summary>Buffer id.</summary>
    BufferId = 7,

    /// <summary>Is managed.</summary>
    IsManaged = 8,

    /// <summary>Device ordinal.</summary>
    DeviceOrdinal = 9,

    /// <summary>Is legacy cuda ipc capable.</summary>
    IsLegacyCudaIpcCapable = 10,

    /// <summary>Range start addr.</summary>
    RangeStartAddr = 11,

    /// <summary>Range size.</summary>
    RangeSize = 12,

    /// <summary>Mapped.</summary>
    Mapped = 13,

    /// <summary>Allowed handle types.</summary>
    AllowedHandleTypes = 14,

    /// <summary>Is gpu direct rdma capable.</summary>
    IsGpuDirectRdmaCapable = 15,

    /// <summary>Access flags.</summary>
    AccessFlags = 16,

    /// <summary>Mempool handle.</summary>
    MempoolHandle = 17,

    /// <summary>Mapping size.</summary>
    MappingSize = 18,

    /// <summary>Mapping base addr.</summary>
    MappingBaseAddr = 19,

    /// <summary>Memory block id.</summary>
    MemoryBlockId = 20,

    /// <summary>Is hw decompress capable.</summary>
    IsHwDecompressCapable = 21,
}
