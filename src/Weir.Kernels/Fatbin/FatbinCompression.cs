using System.Runtime.InteropServices;

namespace Weir.Kernels.Fatbin;

/// <summary>Decompresses entries with the system's liblz4 and libzstd.</summary>
internal static unsafe partial class FatbinCompression
{
    private const int MaxBytes = 256 << 20;

    /// <summary>LZ4 block. The declared size may be wrong: room is doubled until the contents fit.</summary>
    public static byte[] Lz4(ReadOnlySpan<byte> stored, ulong declaredBytes)
    {
        // No LZ4 block grows more than 255 times: a bound for what a damaged header can make us allocate.
        var limit = (long)Math.Min(MaxBytes, 255UL * (ulong)stored.Length + 64);
        var room = (int)Math.Clamp((long)Math.Min(declaredBytes, MaxBytes), 64, limit);
        while (true)
        {
            var buffer = new byte[room];
            int written;
            fixed (byte* source = stored)
            fixed (byte* destination = buffer)
            {
                written = Call("liblz4.so.1", (nint)source, stored.Length, (nint)destination, buffer.Length, &CallLz4);
            }

            if (written >= 0)
            {
                return buffer[..written];
            }

            if (room >= limit)
            {
                throw new PtxException("an LZ4 entry of the fat binary is damaged", 0);
            }

            room = (int)Math.Min(limit, room * 2L);
        }
    }

    /// <summary>Zstandard frame, which says its own size.</summary>
    public static byte[] Zstd(ReadOnlySpan<byte> stored)
    {
        fixed (byte* source = stored)
        {
            var size = Frame(source, stored.Length);
            if (size > MaxBytes)
            {
                throw new PtxException("a zstd entry of the fat binary is damaged or too large", 0);
            }

            var buffer = new byte[Math.Max(1, size)];
            int written;
            fixed (byte* destination = buffer)
            {
                written = Call(
                    "libzstd.so.1",
                    (nint)source,
                    stored.Length,
                    (nint)destination,
                    buffer.Length,
                    &CallZstd
                );
            }

            return written >= 0
                ? buffer[..written]
                : throw new PtxException("a zstd entry of the fat binary is damaged", 0);
        }
    }

    private static int Call(
        string library,
        nint source,
        int sourceBytes,
        nint destination,
        int room,
        delegate* <nint, int, nint, int, int> function
    )
    {
        try
        {
            return function(source, sourceBytes, destination, room);
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException)
        {
            throw new PtxException(
                $"the fat binary is compressed, and {library} is not installed",
                0,
                unsupported: true
            );
        }
    }

    private static int CallLz4(nint source, int sourceBytes, nint destination, int room) =>
        LZ4_decompress_safe((byte*)source, (byte*)destination, sourceBytes, room);

    private static int CallZstd(nint source, int sourceBytes, nint destination, int room)
    {
        var written = ZSTD_decompress((byte*)destination, (nuint)room, (byte*)source, (nuint)sourceBytes);
        return ZSTD_isError(written) == 0 ? (int)written : -1;
    }

    // Size of the contents; the values for "unknown" and "error" are the two largest numbers.
    private static ulong Frame(byte* source, int sourceBytes)
    {
        try
        {
            return ZSTD_getFrameContentSize(source, (nuint)sourceBytes);
        }
        catch (DllNotFoundException)
        {
            throw new PtxException(
                "the fat binary is compressed, and libzstd.so.1 is not installed",
                0,
                unsupported: true
            );
        }
    }

    [LibraryImport("liblz4.so.1")]
    private static partial int LZ4_decompress_safe(byte* source, byte* destination, int sourceBytes, int room);

    [LibraryImport("libzstd.so.1")]
    private static partial nuint ZSTD_decompress(byte* destination, nuint room, byte* source, nuint sourceBytes);

    [LibraryImport("libzstd.so.1")]
    private static partial uint ZSTD_isError(nuint code);

    [LibraryImport("libzstd.so.1")]
    private static partial ulong ZSTD_getFrameContentSize(byte* source, nuint sourceBytes);
}
