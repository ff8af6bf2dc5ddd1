using System.Buffers.Binary;

namespace Weir.Worker.Portable;

/// <summary>Numbers and byte strings one after the other, little-endian.</summary>
internal sealed class StateWriter
{
    private readonly MemoryStream _bytes = new();

    /// <summary>All that was written.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes.GetBuffer().AsSpan(0, (int)_bytes.Length);

    /// <summary>Writes a number.</summary>
    public void Number(ulong value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        _bytes.Write(bytes);
    }

    /// <summary>Writes a byte string.</summary>
    public void Text(ReadOnlySpan<byte> bytes)
    {
        Number((ulong)bytes.Length);
        _bytes.Write(bytes);
    }

    /// <summary>Writes a list of numbers.</summary>
    public void Numbers(ReadOnlySpan<ulong> values)
    {
        Number((ulong)values.Length);
        foreach (ulong value in values)
        {
            Number(value);
        }
    }
}
