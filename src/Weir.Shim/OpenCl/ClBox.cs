using System.Runtime.InteropServices;
using Weir.Wire;

namespace Weir.Shim;

/// <summary>
/// What a transfer moves: a box of elements (bytes of a buffer, texels of an image) on the device, and where it lies in the client's
/// memory.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct ClBox
{
    /// <summary>Origin on the device, in elements.</summary>
    internal ulong X;
    internal ulong Y;
    internal ulong Z;

    /// <summary>Size in elements.</summary>
    internal ulong Width;
    internal ulong Height;
    internal ulong Depth;

    /// <summary>Of a buffer that is used as a box: bytes from row to row and slice to slice; else 0.</summary>
    internal ulong RowPitch;
    internal ulong SlicePitch;

    /// <summary>First byte in the client's memory, and bytes from row to row and slice to slice.</summary>
    internal byte* Host;
    internal ulong HostRowPitch;
    internal ulong HostSlicePitch;

    internal uint ElementBytes;

    /// <summary>A range of a buffer.</summary>
    internal static ClBox Linear(ulong offset, ulong bytes, byte* host) =>
        new()
        {
            X = offset,
            Width = bytes,
            Height = 1,
            Depth = 1,
            Host = host,
            HostRowPitch = bytes,
            HostSlicePitch = bytes,
            ElementBytes = 1,
        };

    /// <summary>Bytes that it moves.</summary>
    internal readonly ulong Bytes => Width * Height * Depth * ElementBytes;
}

/// <summary>Cuts a box into parts that fit a staging chunk: rows of one slice where they fit, else pieces of a row.</summary>
internal unsafe struct ClBoxWalk(ClBox box)
{
    private const ulong Limit = SegmentLayout.ChunkBytes;

    private readonly ClBox _box = box;
    private ulong _x;
    private ulong _y;
    private ulong _z;

    /// <summary>Nothing is left.</summary>
    internal readonly bool IsDone => _z >= _box.Depth;

    /// <summary>The number of parts, at least 1.</summary>
    internal readonly ulong Parts
    {
        get
        {
            var row = _box.Width * _box.ElementBytes;
            if (row > Limit)
            {
                var wide = Limit / _box.ElementBytes;
                return (_box.Width + wide - 1) / wide * _box.Height * _box.Depth;
            }
            var rows = Limit / (row == 0 ? 1 : row);
            return (_box.Height + rows - 1) / rows * _box.Depth;
        }
    }

    internal bool TryNext(out ClBox part)
    {
        part = _box;
        if (IsDone)
        {
            return false;
        }
        var row = _box.Width * _box.ElementBytes;
        part.X = _box.X + _x;
        part.Y = _box.Y + _y;
        part.Z = _box.Z + _z;
        part.Depth = 1;
        part.Host = _box.Host + _z * _box.HostSlicePitch + _y * _box.HostRowPitch + _x * _box.ElementBytes;
        if (row > Limit)
        {
            var wide = Limit / _box.ElementBytes;
            var left = _box.Width - _x;
            part.Width = left < wide ? left : wide;
            part.Height = 1;
            _x += part.Width;
            if (_x == _box.Width)
            {
                _x = 0;
                _y++;
            }
        }
        else
        {
            var rows = Limit / row;
            var rest = _box.Height - _y;
            part.Height = rest < rows ? rest : rows;
            _y += part.Height;
        }
        if (_y == _box.Height)
        {
            _y = 0;
            _z++;
        }
        return true;
    }
}
