using Weir.Api;
using Weir.Shim.Guest;

namespace Weir.Shim;

/// <summary>A module image in a file.</summary>
internal static unsafe class ImageFile
{
    private const int ReadOnlyCloexec = 0x80000;
    private const int SeekSet = 0;
    private const int SeekEnd = 2;

    /// <summary>One page more than the file has: a text then ends with the zeroes behind its end.</summary>
    private const nuint PaddingBytes = 4096;

    /// <summary>The file's bytes in memory, zeroes behind them; null with the API's error when it cannot be read.</summary>
    /// <param name="path">The file.</param>
    /// <param name="bytes">Its size.</param>
    /// <param name="result">Success, FileNotFound or InvalidImage.</param>
    internal static byte* Map(byte* path, out nuint bytes, out CuResult result)
    {
        bytes = 0;
        result = CuResult.FileNotFound;
        var file = GuestLibc.Open(path, ReadOnlyCloexec, 0);
        if (file < 0)
        {
            return null;
        }
        var size = GuestLibc.Seek(file, 0, SeekEnd);
        byte* image = null;
        if (size <= 0)
        {
            result = CuResult.InvalidImage;
        }
        else
        {
            bytes = (nuint)size;
            image = GuestLibc.MapZeroed(bytes + PaddingBytes);
            if (image == null)
            {
                result = CuResult.OutOfMemory;
            }
            else if (ReadAll(file, image, bytes))
            {
                result = CuResult.Success;
            }
            else
            {
                Unmap(image, bytes);
                image = null;
            }
        }
        _ = GuestLibc.Close(file);
        return image;
    }

    /// <summary>Gives the memory back.</summary>
    internal static void Unmap(byte* image, nuint bytes) => _ = GuestLibc.Unmap(image, bytes + PaddingBytes);

    private static bool ReadAll(int file, byte* buffer, nuint bytes)
    {
        _ = GuestLibc.Seek(file, 0, SeekSet);
        for (nuint at = 0; at < bytes; )
        {
            var got = GuestLibc.Read(file, buffer + at, bytes - at);
            if (got <= 0)
            {
                return false;
            }
            at += (nuint)got;
        }
        return true;
    }
}
