using System.Buffers.Binary;

namespace Weir.Wire;

/// <summary>
/// Writes the payload of a reply into the slot (or of a record in tests), with the same field rules as records. What does not
/// fit sets <see cref="Failed"/> and is left out.
/// </summary>
internal ref struct ReplyWriter
{
    private readonly Span<byte> _buffer;

    internal ReplyWriter(Span<byte> buffer) => _buffer = buffer;

    /// <summary>Bytes written so far.</summary>
    internal int Written { get; private set; }

    /// <summary>Something did not fit.</summary>
    internal bool Failed { get; private set; }

    internal void WriteU64(ulong value)
    {
        if (_buffer.Length - Written < 8)
        {
            Failed = true;
            return;
        }
        BinaryPrimitives.WriteUInt64LittleEndian(_buffer[Written..], value);
        Written += 8;
    }

    internal void WriteI64(long value) => WriteU64((ulong)value);

    internal void WriteU32(uint value) => WriteU64(value);

    internal void WriteI32(int value) => WriteU64((uint)value);

    /// <summary>A variable part: its length, then the bytes padded to 8.</summary>
    internal void WriteBytes(ReadOnlySpan<byte> bytes)
    {
        var padded = (bytes.Length + 7) & ~7;
        if (_buffer.Length - Written < 8 + padded)
        {
            Failed = true;
            return;
        }
        WriteU64((ulong)bytes.Length);
        Append(bytes, padded);
    }

    /// <summary>A structure of known size, padded to 8.</summary>
    internal void WriteFixed(ReadOnlySpan<byte> bytes)
    {
        var padded = (bytes.Length + 7) & ~7;
        if (_buffer.Length - Written < padded)
        {
            Failed = true;
            return;
        }
        Append(bytes, padded);
    }

    private void Append(ReadOnlySpan<byte> bytes, int padded)
    {
        bytes.CopyTo(_buffer[Written..]);
        _buffer.Slice(Written + bytes.Length, padded - bytes.Length).Clear();
        Written += padded;
    }
}
