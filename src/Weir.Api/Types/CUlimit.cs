namespace Weir.Api;

/// <summary>Limits of a context.</summary>
public enum CUlimit
{
    /// <summary>Stack size.</summary>
    StackSize = 0,

    /// <summary>Printf fifo size.</summary>
    PrintfFifoSize = 1,

    /// <summary>Malloc heap size.</summary>
    MallocHeapSize = 2,

    /// <summary>Dev runtime sync depth.</summary>
    DevRuntimeSyncDepth = 3,

    /// <summary>Dev runtime pending launch count.</summary>
    DevRuntimePendingLaunchCount = 4,

    /// <summary>Max L2 fetch granularity.</summary>
    MaxL2FetchGranularity = 5,

    /// <summary>Persisting L2 cache size.</summary>
    PersistingL2CacheSize = 6,

    /// <summary>Shmem size.</summary>
    ShmemSize = 7,

    /// <summary>Cig enabled.</summary>
    CigEnabled = 8,

    /// <summary>Cig shmem fallback enabled.</summary>
    CigShmemFallbackEnabled = 9,
}
