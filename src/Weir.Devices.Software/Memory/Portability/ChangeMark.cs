namespace Weir.Devices.Software.Memory.Portability;

/// <summary>A moment in the life of a session's memory. Means something to the <see cref="PortableMemory"/> that gave it only.</summary>
public readonly record struct ChangeMark
{
    internal ChangeMark(uint epoch) => Epoch = epoch;

    internal uint Epoch { get; }
}
