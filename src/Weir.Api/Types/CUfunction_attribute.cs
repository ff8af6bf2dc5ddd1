namespace Weir.Api;

/// <summary>Attributes of a function; sizes in bytes.</summary>
public enum CUfunction_attribute
{
    /// <summary>Max threads per block.</summary>
    MaxThreadsPerBlock = 0,

    /// <summary>Shared size bytes.</summary>
    SharedSizeBytes = 1,

    /// <summary>Const size bytes.</summary>
    ConstSizeBytes = 2,

    /// <summary>Local size bytes.</summary>
    LocalSizeBytes = 3,

    /// <summary>Num regs.</summary>
    NumRegs = 4,

    /// <summary>Ptx version.</summary>
    PtxVersion = 5,

    /// <summary>Binary version.</summary>
    BinaryVersion = 6,

    /// <summary>Cache mode ca.</summary>
    CacheModeCa = 7,

    /// <summary>Max dynamic shared size bytes.</summary>
    MaxDynamicSharedSizeBytes = 8,

    /// <summary>Preferred shared memory carveout.</summary>
    PreferredSharedMemoryCarveout = 9,

    /// <summary>Cluster size must be set.</summary>
    ClusterSizeMustBeSet = 10,

    /// <summary>Required cluster width.</summary>
    RequiredClusterWidth = 11,

    /// <summary>Required cluster height.</summary>
    RequiredClusterHeight = 12,

    /// <summary>Required cluster depth.</summary>
    RequiredClusterDepth = 13,

    /// <summary>Non portable cluster size allowed.</summary>
    NonPortableClusterSizeAllowed = 14,

    /// <summary>Cluster scheduling policy preference.</summary>
    ClusterSchedulingPolicyPreference = 15,
}
