namespace Weir.Api;

/// <summary>Attributes of a launch.</summary>
public enum CUlaunchAttributeID
{
    /// <summary>Ignore.</summary>
    Ignore = 0,

    /// <summary>Access policy window.</summary>
    AccessPolicyWindow = 1,

    /// <summary>Cooperative.</summary>
    Cooperative = 2,

    /// <summary>Synchronization policy.</summary>
    SynchronizationPolicy = 3,

    /// <summary>Cluster dimension.</summary>
    ClusterDimension = 4,

    /// <summary>Cluster scheduling policy preference.</summary>
    ClusterSchedulingPolicyPreference = 5,

    /// <summary>Programmatic stream serialization.</summary>
    ProgrammaticStreamSerialization = 6,

    /// <summary>Programmatic event.</summary>
    ProgrammaticEvent = 7,

    /// <summary>Priority.</summary>
    Priority = 8,

    /// <summary>Mem sync domain map.</summary>
    MemSyncDomainMap = 9,

    /// <summary>Mem sync domain.</summary>
    MemSyncDomain = 10,

    /// <summary>Preferred cluster dimension.</summary>
    PreferredClusterDimension = 11,

    /// <summary>Launch completion event.</summary>
    LaunchCompletionEvent = 12,

    /// <summary>Device updatable kernel node.</summary>
    DeviceUpdatableKernelNode = 13,

    /// <summary>Preferred shared memory carveout.</summary>
    PreferredSharedMemoryCarveout = 14,
}
