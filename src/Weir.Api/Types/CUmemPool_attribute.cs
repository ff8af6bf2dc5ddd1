namespace Weir.Api;

/// <summary>Attributes of a memory pool (cuda.h).</summary>
public enum CUmemPool_attribute
{
    /// <summary>int: reuse memory freed in another stream when an event orders the two.</summary>
    ReuseFollowEventDependencies = 1,

    /// <summary>int: reuse memory whose free has been carried out already.</summary>
    ReuseAllowOpportunistic = 2,

    /// <summary>int: make one stream wait for another to reuse its memory.</summary>
    ReuseAllowInternalDependencies = 3,

    /// <summary>u64: bytes to keep before giving memory back, at synchronisation.</summary>
    ReleaseThreshold = 4,

    /// <summary>u64, read-only: bytes that the pool has taken from the device.</summary>
    ReservedMemCurrent = 5,

    /// <summary>u64: most of them since the last reset; only 0 may be written.</summary>
    ReservedMemHigh = 6,

    /// <summary>u64, read-only: bytes in use.</summary>
    UsedMemCurrent = 7,

    /// <summary>u64: most of them since the last reset; only 0 may be written.</summary>
    UsedMemHigh = 8,
}
