using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Weir.Kernels.Tests.Fatbin;

/// <summary>Writes fat binaries as compilers do.</summary>
internal static unsafe partial class FatbinBytes
{
    public const ulong Lz4Flag = 0x2000;
    public const ulong ZstdFlag = 0x8000;

    /// <summary>A container of entries.</summary>
    public static byte[] Container(params byte[][] entries)
    {
        var content = entries.SelectMany(e => e).ToArray();
        var header = new byte[16];
        BinaryPrimitives.WriteUInt32LittleEndian(header, 0xBA55ED50);
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(4), 1);
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(6), 16);
        BinaryPrimitives.WriteUInt64LittleEndian(header.AsSpan(8), (ulong)content.Length);
        return [.. header, .. content];
    }

    /// <summary>An entry whose contents are stored as they are given.</summary>
    public static byte[] Entry(ushort kind, uint sm, byte[] stored, ulong flags = 0, ulong declaredBytes = 0)
    {
        var padded = (stored.Length + 7) / 8 * 8;
        var entry = new byte[64 + padded];
        BinaryPrimitives.WriteUInt16LittleEndian(entry, kind);
        BinaryPrimitives.WriteUInt16LittleEndian(entry.AsSpan(2), 0x0101);
        BinaryPrimitives.WriteUInt32LittleEndian(entry.AsSpan(4), 64);
        BinaryPrimitives.WriteUInt32LittleEndian(entry.AsSpan(8), (uint)padded);
        BinaryPrimitives.WriteUInt32LittleEndian(entry.AsSpan(16), flags == 0 ? 0 : (uint)stored.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(entry.AsSpan(28), sm);
        BinaryPrimitives.WriteUInt32LittleEndian(entry.AsSpan(32), 64);
        BinaryPrimitives.WriteUInt64LittleEndian(entry.AsSpan(40), flags | 0x11);
        BinaryPrimitives.WriteUInt64LittleEndian(entry.AsSpan(56), declaredBytes);
        stored.CopyTo(entry, 64);
        return entry;
    }

    public static byte[] Lz4(byte[] plain)
    {
        var room = new byte[plain.Length * 2 + 64];
        fixed (byte* source = plain)
        fixed (byte* destination = room)
        {
            return room[..LZ4_compress_default(source, destination, plain.Length, room.Length)];
        }
    }

    public static byte[] Zstd(byte[] plain)
    {
        var room = new byte[plain.Length * 2 + 64];
        fixed (byte* source = plain)
        fixed (byte* destination = room)
        {
            return room[..(int)ZSTD_compress(destination, (nuint)room.Length, source, (nuint)plain.Length, 3)];
        }
    }

    [LibraryImport("liblz4.so.1")]
    private static partial int LZ4_compress_default(byte* source, byte* destination, int sourceBytes, int room);

    [LibraryImport("libzstd.so.1")]
    private static partial nuint ZSTD_compress(
        byte* destination,
        nuint room,
        byte* source,
        nuint sourceBytes,
        int level
    );
}
