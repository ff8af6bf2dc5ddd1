namespace Weir.Devices.Software.Memory.Portability;

/// <summary>What a range of device memory is to the program.</summary>
public enum PortableKind
{
    /// <summary>Allocated and freed by address.</summary>
    Plain,

    /// <summary>Allocated from a pool, in the order of a stream.</summary>
    Pooled,

    /// <summary>A variable of a module.</summary>
    Variable,

    /// <summary>An array.</summary>
    Array,

    /// <summary>Physical memory that the program maps itself; its address is a key (<see cref="PortableMemory.KeyBit"/>).</summary>
    Physical,
}
