namespace Weir.Devices.Software.Memory;

/// <summary>A live part of an arena. Its address never changes.</summary>
internal sealed class DeviceAllocation
{
    /// <summary>First address.</summary>
    public required ulong Address { get; init; }

    /// <summary>Size that was asked for, bytes.</summary>
    public required ulong SizeBytes { get; init; }

    /// <summary>Size taken from the arena, bytes.</summary>
    public required ulong ReservedBytes { get; init; }

    /// <summary>Number that is never used again in this arena.</summary>
    public required ulong Id { get; init; }

    /// <summary>Who frees it: the context, module or array it belongs to.</summary>
    public required object Owner { get; init; }

    /// <summary>False for the memory of modules and arrays, which a program cannot free by address.</summary>
    public required bool FreedByAddress { get; init; }

    /// <summary>The allocator's number of the block.</summary>
    internal required int Block { get; init; }

    /// <summary>True when [<paramref name="address"/>, + <paramref name="sizeBytes"/>) lies inside.</summary>
    public bool Contains(ulong address, ulong sizeBytes) =>
        address >= Address && sizeBytes <= SizeBytes && address - Address <= SizeBytes - sizeBytes;
}
