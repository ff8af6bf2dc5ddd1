namespace Weir.Wire;

/// <summary>
/// Writes the payload of a reply straight into the slot, with the same field rules as records: structures padded to 8, arrays
/// as u32 length and bytes, together padded to 8. What does not fit throws <see cref="ProtocolException"/>: the client side
/// never asks for more than <see cref="SegmentLayout.MaxReplyBytes"/>.
/// </summary>
internal unsafe ref struct ReplyWriter
{
    private readonly byte* _start;
    private readonly byte* _end;
    private byte* _next;

    internal ReplyWriter(byte* buffer, int capacity)
    {
        _start = buffer;
        _next = buffer;
        _end = buffer + capacity;
    }

    /// <summary>Bytes written so far.</summary>
    internal readonly int Written => (int)(_next - _start);

    /// <summary>Room for a structure, zeroed.</summary>
    internal byte* Reserve(uint bytes)
    {
        var padded = ((ulong)bytes + 7) & ~7UL;
        if ((ulong)(_end - _next) < padded)
        {
            throw new ProtocolException("reply too large");
        }
        var value = _next;
        new Span<byte>(value, (int)padded).Clear();
        _next += padded;
        return value;
    }

    /// <summary>Room for an array of <paramref name="count"/> elements, zeroed, with its length in bytes in front.</summary>
    internal byte* ReserveArray(ulong count, uint elementBytes)
    {
        if (elementBytes != 0 && count > (ulong)SegmentLayout.MaxReplyBytes / elementBytes)
        {
            throw new ProtocolException("reply too large");
        }
        var bytes = (uint)count * elementBytes;
        var place = Reserve(bytes + 4);
        *(uint*)place = bytes;
        return place + 4;
    }

    /// <summary>One 8-byte field.</summary>
    internal void U64(ulong value) => *(ulong*)Reserve(8) = value;

    /// <summary>A variable part.</summary>
    internal void Bytes(ReadOnlySpan<byte> bytes) =>
        bytes.CopyTo(new Span<byte>(ReserveArray((ulong)bytes.Length, 1), bytes.Length));
}
