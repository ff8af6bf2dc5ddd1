namespace Weir.Api;

/// <summary>Kinds of objects behind handles; bits 40 to 43 and 52 of a handle that a client minted.</summary>
public enum HandleKind : byte
{
    /// <summary>Not a handle.</summary>
    None = 0,

    /// <summary>Context.</summary>
    Context = 1,

    /// <summary>Module.</summary>
    Module = 2,

    /// <summary>Function of a module.</summary>
    Function = 3,

    /// <summary>Stream.</summary>
    Stream = 4,

    /// <summary>Event.</summary>
    Event = 5,

    /// <summary>Array.</summary>
    Array = 6,

    /// <summary>Mipmapped array.</summary>
    MipmappedArray = 7,

    /// <summary>Pending link.</summary>
    LinkState = 8,

    /// <summary>Library: an image that is loaded into each context that asks for it. Known to the client only.</summary>
    Library = 9,

    /// <summary>Kernel of a library. Known to the client only.</summary>
    Kernel = 10,

    /// <summary>Memory pool.</summary>
    MemoryPool = 11,

    /// <summary>Physical memory (cuMemCreate).</summary>
    PhysicalMemory = 12,

    /// <summary>Graph. Known to the client only.</summary>
    Graph = 13,

    /// <summary>Instantiated graph. Known to the client only.</summary>
    GraphExec = 14,

    /// <summary>Node of a graph. Known to the client only.</summary>
    GraphNode = 15,

    /// <summary>OpenCL context.</summary>
    ClContext = 16,

    /// <summary>OpenCL command queue.</summary>
    ClQueue = 17,

    /// <summary>OpenCL memory object: buffer or image.</summary>
    ClMemory = 18,

    /// <summary>OpenCL program.</summary>
    ClProgram = 19,

    /// <summary>OpenCL kernel.</summary>
    ClKernel = 20,

    /// <summary>OpenCL event.</summary>
    ClEvent = 21,

    /// <summary>OpenCL sampler.</summary>
    ClSampler = 22,
}
