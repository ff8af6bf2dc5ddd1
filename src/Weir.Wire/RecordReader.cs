using System.Runtime.CompilerServices;

namespace Weir.Wire;

/// <summary>
/// Reads the payload of a record from a private copy, field by field, each 8-aligned. Variable parts are a u32 length and the bytes,
/// together padded to 8. What does not fit throws <see cref="ProtocolException"/>. Pointers given out point into the copy.
/// </summary>
internal unsafe ref struct RecordReader
{
    private byte* _next;
    private readonly byte* _end;

    /// <param name="payload">The private copy; must stay while the reader and what it gave out are used.</param>
    /// <param name="bytes">Its size, a multiple of 8.</param>
    internal RecordReader(byte* payload, int bytes)
    {
        _next = payload;
        _end = payload + bytes;
    }

    /// <summary>One 8-byte field.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal ulong U64()
    {
        if (_end - _next < 8)
        {
            Throw("field beyond the end");
        }
        var value = *(ulong*)_next;
        _next += 8;
        return value;
    }

    /// <summary>A structure of <paramref name="bytes"/> bytes.</summary>
    internal byte* Take(uint bytes)
    {
        var padded = ((ulong)bytes + 7) & ~7UL;
        if ((ulong)(_end - _next) < padded)
        {
            Throw("structure beyond the end");
        }
        var value = _next;
        _next += padded;
        return value;
    }

    /// <summary>A variable part.</summary>
    internal byte* Bytes(out uint length)
    {
        if (_end - _next < 8)
        {
            Throw("length beyond the end");
        }
        length = *(uint*)_next;
        var padded = ((ulong)length + 4 + 7) & ~7UL;
        if ((ulong)(_end - _next) < padded)
        {
            Throw("bytes beyond the end");
        }
        var value = _next + 4;
        _next += padded;
        return value;
    }

    /// <summary>A NUL-terminated text; null when it is absent and may be.</summary>
    internal byte* Text(bool optional)
    {
        var text = Bytes(out var length);
        if (length == 0)
        {
            if (!optional)
            {
                Throw("text absent");
            }
            return null;
        }
        if (text[length - 1] != 0)
        {
            Throw("text not terminated");
        }
        return text;
    }

    /// <summary>All fields are read: nothing may be left over.</summary>
    internal readonly void End()
    {
        if (_next != _end)
        {
            Throw("bytes left over");
        }
    }

    private static void Throw(string what) => throw new ProtocolException($"malformed record: {what}");
}
