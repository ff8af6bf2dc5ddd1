namespace Weir.Oracle;

/// <summary>
/// Device memory: byte arrays at the addresses where the test puts them. An access that is not wholly inside one of
/// them is a fault.
/// </summary>
public sealed class OracleMemory
{
    private readonly List<Segment> _segments = [];
    private Segment? _last;

    /// <summary>Places <paramref name="bytes"/> (kept, not copied) at <paramref name="address"/>.</summary>
    public void Add(ulong address, byte[] bytes)
    {
        var end = address + (ulong)bytes.Length;
        if (_segments.Exists(s => address < s.End && s.Start < end))
        {
            throw new ArgumentException($"0x{address:x} overlaps other memory");
        }
        _segments.Add(new Segment(address, bytes));
    }

    /// <summary>The <paramref name="size"/> bytes at <paramref name="address"/>.</summary>
    /// <exception cref="OracleFault">They are not all inside one segment.</exception>
    public Span<byte> At(ulong address, int size)
    {
        if (_last is null || !_last.Holds(address, size))
        {
            _last =
                _segments.Find(s => s.Holds(address, size))
                ?? throw new OracleFault(OracleFaultKind.IllegalAddress, $"no {size} bytes of memory at 0x{address:x}");
        }
        return _last.Bytes.AsSpan((int)(address - _last.Start), size);
    }

    private sealed record Segment(ulong Start, byte[] Bytes)
    {
        public ulong End => Start + (ulong)Bytes.Length;

        public bool Holds(ulong address, int size) =>
            address >= Start && address <= End && End - address >= (ulong)size;
    }
}
