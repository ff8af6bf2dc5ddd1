using Weir.Api;

namespace Weir.Worker.Portable;

/// <summary>
/// Address ranges that the program has reserved, memory without an address that it has made, and what is mapped where: their calls
/// undo and cut each other in ways that a list of records does not show. Guarded by the <see cref="Journal"/>.
/// </summary>
internal sealed unsafe class VirtualTable
{
    /// <summary>Reserved ranges: first address and size.</summary>
    public SortedDictionary<ulong, ulong> Reserved { get; } = [];

    /// <summary>Physical memory that a handle or a mapping refers to.</summary>
    public List<PhysicalEntry> Physical { get; } = [];

    /// <summary>Mappings by first address.</summary>
    public SortedDictionary<ulong, MappingEntry> Mappings { get; } = [];

    /// <summary>A call succeeded.</summary>
    /// <param name="op">The call.</param>
    /// <param name="words">Its fields.</param>
    /// <param name="answer">First word of the answer.</param>
    public void Note(Op op, ulong* words, ulong answer)
    {
        switch (op)
        {
            case Op.MemAddressReserve:
                Reserved[answer] = words[0];
                break;
            case Op.MemAddressFree:
                _ = Reserved.Remove(words[0]);
                break;
            case Op.MemCreate:
                Physical.Add(new PhysicalEntry([words[0]], words[1], *(CUmemAllocationProp*)(words + 2)));
                break;
            case Op.MemRelease:
                Release(words[0]);
                break;
            case Op.MemMap when Find(words[3]) is { } memory:
                Mappings[words[0]] = new MappingEntry(words[0], words[1], words[2], memory);
                break;
            case Op.MemUnmap:
                Unmap(words[0], words[1]);
                break;
            case Op.MemSetAccess:
                SetAccess(words);
                break;
            case Op.MemRetainAllocationHandle:
                At(words[1])?.Memory.Handles.Add(words[0]);
                break;
        }
    }

    private PhysicalEntry? Find(ulong handle) => Physical.Find(memory => memory.Handles.Contains(handle));

    private MappingEntry? At(ulong address)
    {
        foreach (MappingEntry mapping in Mappings.Values)
        {
            if (address - mapping.Address < mapping.Bytes)
            {
                return mapping;
            }
        }
        return null;
    }

    private void Release(ulong handle)
    {
        if (Find(handle) is { } memory)
        {
            _ = memory.Handles.Remove(handle);
            EndIfUnused(memory);
        }
    }

    private void Unmap(ulong address, ulong bytes)
    {
        foreach (MappingEntry mapping in Mappings.Values.Where(one => one.Address - address < bytes).ToArray())
        {
            _ = Mappings.Remove(mapping.Address);
            EndIfUnused(mapping.Memory);
        }
    }

    // Fields: address, size, descriptors (length and bytes), count.
    private void SetAccess(ulong* words)
    {
        uint length = *(uint*)(words + 2);
        var last = (CUmemAccessDesc*)((byte*)(words + 2) + sizeof(uint)) + (length / sizeof(CUmemAccessDesc) - 1);
        foreach (MappingEntry mapping in Mappings.Values.Where(one => one.Address - words[0] < words[1]))
        {
            mapping.Access = last->flags;
        }
    }

    private void EndIfUnused(PhysicalEntry memory)
    {
        if (memory.Handles.Count == 0 && !Mappings.Values.Any(mapping => mapping.Memory == memory))
        {
            _ = Physical.Remove(memory);
        }
    }
}

/// <summary>Physical memory.</summary>
/// <param name="Handles">The client's handles of it; none when only mappings keep it.</param>
/// <param name="Bytes">Size.</param>
/// <param name="Properties">What it was asked to be.</param>
internal sealed record PhysicalEntry(List<ulong> Handles, ulong Bytes, CUmemAllocationProp Properties)
{
    /// <summary>What the device calls its contents when they are saved, as it said last.</summary>
    public ulong Key { get; set; }
}

/// <summary>A mapping.</summary>
internal sealed class MappingEntry(ulong address, ulong bytes, ulong offset, PhysicalEntry memory)
{
    /// <summary>First address.</summary>
    public ulong Address { get; } = address;

    /// <summary>Size.</summary>
    public ulong Bytes { get; } = bytes;

    /// <summary>Where in the memory it begins.</summary>
    public ulong Offset { get; } = offset;

    /// <summary>What is mapped.</summary>
    public PhysicalEntry Memory { get; } = memory;

    /// <summary>Access that was given: 0, 1 or 3.</summary>
    public int Access { get; set; }
}
