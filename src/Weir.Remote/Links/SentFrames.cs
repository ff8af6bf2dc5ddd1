namespace Weir.Remote.Links;

/// <summary>
/// Frames that were sent and not acknowledged yet, oldest first, ready to be sent again. Headers and heads are copies in one buffer; bulk is
/// kept by address: who sends it leaves it alone until it is acknowledged or the other side has answered for it.
/// </summary>
internal sealed unsafe class SentFrames
{
    private const int FirstBytes = 64 << 10;

    private readonly Queue<Entry> _entries = [];
    private byte[] _buffer = new byte[FirstBytes];

    // Positions count for ever; _base is the position of the buffer's first byte.
    private long _base;
    private long _head;
    private long _tail;

    /// <param name="Number">Of the frame.</param>
    /// <param name="Position">Of its header in the buffer.</param>
    /// <param name="Length">Header and head.</param>
    /// <param name="Data">Its bulk.</param>
    /// <param name="DataBytes">Size of that.</param>
    internal readonly record struct Entry(ulong Number, long Position, int Length, nint Data, uint DataBytes);

    /// <summary>Bytes of headers and heads that are kept.</summary>
    public long Bytes => _tail - _head;

    /// <summary>Frames that are kept.</summary>
    public int Count => _entries.Count;

    /// <summary>Room for a frame's header and head at the end; valid until the next change.</summary>
    public Span<byte> Append(ulong number, int length, byte* data, uint dataBytes)
    {
        MakeRoom(length);
        _entries.Enqueue(new Entry(number, _tail, length, (nint)data, dataBytes));
        var place = _buffer.AsSpan((int)(_tail - _base), length);
        _tail += length;
        return place;
    }

    /// <summary>Forgets all up to and including that number.</summary>
    public void Forget(ulong number)
    {
        while (_entries.TryPeek(out Entry entry) && entry.Number <= number)
        {
            _ = _entries.Dequeue();
            _head = entry.Position + entry.Length;
        }
    }

    /// <summary>What is kept, oldest first.</summary>
    public Entry[] All() => [.. _entries];

    /// <summary>Header and head of an entry; false when it was forgotten.</summary>
    public bool TryKept(Entry entry, out ReadOnlySpan<byte> kept)
    {
        bool isKept = entry.Position >= _head;
        kept = isKept ? _buffer.AsSpan((int)(entry.Position - _base), entry.Length) : default;
        return isKept;
    }

    private void MakeRoom(int length)
    {
        if (_tail - _base + length <= _buffer.Length)
        {
            return;
        }
        int kept = (int)(_tail - _head);
        byte[] target = _buffer;
        if (kept + length > _buffer.Length / 2)
        {
            target = new byte[Math.Max(_buffer.Length * 2, kept + length)];
        }
        _buffer.AsSpan((int)(_head - _base), kept).CopyTo(target);
        _buffer = target;
        _base = _head;
    }
}
