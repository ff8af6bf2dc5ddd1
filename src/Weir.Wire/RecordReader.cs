using System.Buffers.Binary;

namespace Weir.Wire;

/// <summary>
/// Reads the payload of a record (or a reply) from a private copy. Every read is checked; the first that does not fit sets
/// <see cref="Failed"/> and from then on all give zero or nothing, so that callers check once, at the end.
/// </summary>
internal ref struct RecordReader
{
    private ReadOnlySpan<byte> _rest;

    internal RecordReader(ReadOnlySpan<byte> payload) => _rest = payload;

    /// <summary>Something did not fit: the record is malformed.</summary>
    internal bool Failed { get; private set; }

    /// <summary>True when all was read and fitted.</summary>
    internal readonly bool IsComplete => !Failed && _rest.IsEmpty;

    internal ulong ReadU64()
    {
        if (_rest.Length < 8)
        {
            Fail();
            return 0;
        }
        var value = BinaryPrimitives.ReadUInt64LittleEndian(_rest);
        _rest = _rest[8..];
        return value;
    }

    internal long ReadI64() => (long)ReadU64();

    internal uint ReadU32() => (uint)ReadU64();

    internal int ReadI32() => (int)ReadU64();

    internal float ReadF32() => BitConverter.UInt32BitsToSingle(ReadU32());

    /// <summary>A variable part: u32 length in an 8-byte field, bytes padded to 8. Empty when malformed.</summary>
    internal ReadOnlySpan<byte> ReadBytes()
    {
        var length = ReadU64();
        if (Failed || length > (ulong)_rest.Length || ((length + 7) & ~7UL) > (ulong)_rest.Length)
        {
            Fail();
            return default;
        }
        var bytes = _rest[..(int)length];
        _rest = _rest[(int)((length + 7) & ~7UL)..];
        return bytes;
    }

    /// <summary>Exactly <paramref name="length"/> bytes (a structure), padded to 8. Empty when malformed.</summary>
    internal ReadOnlySpan<byte> ReadFixed(int length)
    {
        var padded = (length + 7) & ~7;
        if (length < 0 || padded > _rest.Length || padded < 0)
        {
            Fail();
            return default;
        }
        var bytes = _rest[..length];
        _rest = _rest[padded..];
        return bytes;
    }

    private void Fail()
    {
        Failed = true;
        _rest = default;
    }
}
