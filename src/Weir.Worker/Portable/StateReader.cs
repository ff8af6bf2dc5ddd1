using System.Buffers.Binary;
using Weir.Images;

namespace Weir.Worker.Portable;

/// <summary>Reads what a <see cref="StateWriter"/> wrote; whatever the bytes are, it ends with an <see cref="ImageException"/> at worst.</summary>
internal ref struct StateReader(ReadOnlySpan<byte> bytes)
{
    private ReadOnlySpan<byte> _left = bytes;

    /// <summary>A number.</summary>
    public ulong Number()
    {
        if (_left.Length < sizeof(ulong))
        {
            throw Malformed();
        }
        ulong value = BinaryPrimitives.ReadUInt64LittleEndian(_left);
        _left = _left[sizeof(ulong)..];
        return value;
    }

    /// <summary>A number that is less than <paramref name="limit"/>.</summary>
    public int Below(int limit)
    {
        ulong value = Number();
        return value < (ulong)limit ? (int)value : throw Malformed();
    }

    /// <summary>The number of things that follow, each of at least <paramref name="leastBytes"/> bytes.</summary>
    public int Count(int leastBytes)
    {
        ulong value = Number();
        return value <= (ulong)(_left.Length / leastBytes) ? (int)value : throw Malformed();
    }

    /// <summary>A byte string.</summary>
    public ReadOnlySpan<byte> Text()
    {
        int length = Count(1);
        ReadOnlySpan<byte> text = _left[..length];
        _left = _left[length..];
        return text;
    }

    /// <summary>A list of numbers.</summary>
    public ulong[] Numbers()
    {
        ulong[] values = new ulong[Count(sizeof(ulong))];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = Number();
        }
        return values;
    }

    /// <summary>Nothing may be left.</summary>
    public readonly void End()
    {
        if (_left.Length > 0)
        {
            throw Malformed();
        }
    }

    private static ImageException Malformed() =>
        new(ImageFault.Malformed, "the image's checksums are right, but what it says of the session cannot be");
}
