namespace Weir.Api;

/// <summary>What a node of a graph does.</summary>
public enum CUgraphNodeType
{
    /// <summary>Launches a kernel.</summary>
    Kernel = 0,

    /// <summary>Copies.</summary>
    Memcpy = 1,

    /// <summary>Fills.</summary>
    Memset = 2,

    /// <summary>Calls a function of the program.</summary>
    Host = 3,

    /// <summary>Runs another graph.</summary>
    Graph = 4,

    /// <summary>Nothing: joins others.</summary>
    Empty = 5,

    /// <summary>Waits for an event.</summary>
    WaitEvent = 6,

    /// <summary>Records an event.</summary>
    EventRecord = 7,

    /// <summary>Signals external semaphores.</summary>
    ExternalSemaphoresSignal = 8,

    /// <summary>Waits for external semaphores.</summary>
    ExternalSemaphoresWait = 9,

    /// <summary>Allocates memory.</summary>
    MemAlloc = 10,

    /// <summary>Frees memory.</summary>
    MemFree = 11,

    /// <summary>Operations on words of memory.</summary>
    BatchMemOp = 12,

    /// <summary>Runs graphs while a condition holds.</summary>
    Conditional = 13,
}
