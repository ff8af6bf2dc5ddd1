namespace Weir.Kernels.Fatbin;

/// <summary>
/// Finds how long a module image is: the API gives a pointer only. Works on raw memory with pointers alone, allocates
/// nothing and calls nothing, so that a client's thread can use it anywhere. The memory is trusted as far as its own
/// headers say: that is the API's contract.
/// </summary>
public static unsafe class ImageExtent
{
    /// <summary>Magic of the wrapper that compilers put around a fat binary.</summary>
    public const uint WrapperMagic = 0x466243B1;

    /// <summary>Magic of a fat binary.</summary>
    public const uint FatbinMagic = 0xBA55ED50;

    /// <summary>Magic of a fat binary of old compilers.</summary>
    public const uint OldFatbinMagic = 0x1EE55A01;

    /// <summary>Magic of an ELF file.</summary>
    public const uint ElfMagic = 0x464C457F;

    /// <summary>No image is longer, bytes.</summary>
    public const ulong MaxBytes = 2UL << 30;

    /// <summary>
    /// Finds a part of an image. All but wrappers of version 2 have one part; the parts of such a wrapper, put one
    /// behind the other, are one image for <see cref="FatbinReader"/>.
    /// </summary>
    /// <param name="image">PTX text, ELF, fat binary or wrapper.</param>
    /// <param name="index">Part, from 0.</param>
    /// <param name="start">First byte.</param>
    /// <param name="bytes">Length; of text without its NUL.</param>
    /// <returns>False when there is no such part, or it is none of the known kinds or too long.</returns>
    public static bool TryPart(byte* image, int index, out byte* start, out ulong bytes)
    {
        start = null;
        bytes = 0;
        if (image == null || index < 0)
        {
            return false;
        }

        // Text may be shorter than a magic number and end at a page's end.
        if (!StartsLike(image, WrapperMagic))
        {
            return index == 0 && TryPlain(image, out start, out bytes);
        }

        var version = *(uint*)(image + 4);
        var data = *(byte**)(image + 8);
        if (index == 0 && data != null)
        {
            return version is 1 or 2 && TryPlain(data, out start, out bytes);
        }

        var list = *(byte***)(image + 16);
        if (version != 2 || list == null)
        {
            return false;
        }

        var wanted = data != null ? index - 1 : index;
        for (var i = 0; i <= wanted; i++)
        {
            if (list[i] == null)
            {
                return false;
            }
        }

        return TryPlain(list[wanted], out start, out bytes);
    }

    private static bool StartsLike(byte* image, uint magic)
    {
        for (var i = 0; i < 4; i++)
        {
            if (image[i] != (byte)(magic >> (8 * i)))
            {
                return false;
            }
        }

        return true;
    }

    private static bool TryPlain(byte* image, out byte* start, out ulong bytes)
    {
        start = image;
        bytes = 0;
        if (StartsLike(image, FatbinMagic) || StartsLike(image, OldFatbinMagic))
        {
            var header = *(ushort*)(image + 6);
            var content = *(ulong*)(image + 8);
            bytes = header + content;
            return header >= 16 && content <= MaxBytes && bytes <= MaxBytes;
        }

        return StartsLike(image, ElfMagic) ? TryElf(image, out bytes) : TryText(image, out bytes);
    }

    // A cubin ends with the last of its headers' tables and the contents they name.
    private static bool TryElf(byte* image, out ulong bytes)
    {
        bytes = 64;
        if (image[4] != 2)
        {
            return false;
        }

        var programs = *(ulong*)(image + 32);
        var sections = *(ulong*)(image + 40);
        var (programSize, programCount) = (*(ushort*)(image + 54), *(ushort*)(image + 56));
        var (sectionSize, sectionCount) = (*(ushort*)(image + 58), *(ushort*)(image + 60));
        if (programCount > 0 && (programSize < 56 || !Extend(ref bytes, programs, (ulong)programSize * programCount)))
        {
            return false;
        }

        if (sectionCount > 0 && (sectionSize < 64 || !Extend(ref bytes, sections, (ulong)sectionSize * sectionCount)))
        {
            return false;
        }

        for (var i = 0; i < programCount; i++)
        {
            var entry = image + programs + ((ulong)i * programSize);
            if (!Extend(ref bytes, *(ulong*)(entry + 8), *(ulong*)(entry + 32)))
            {
                return false;
            }
        }

        for (var i = 0; i < sectionCount; i++)
        {
            var entry = image + sections + ((ulong)i * sectionSize);
            const uint noBits = 8;
            var length = *(uint*)(entry + 4) == noBits ? 0 : *(ulong*)(entry + 32);
            if (!Extend(ref bytes, *(ulong*)(entry + 24), length))
            {
                return false;
            }
        }

        return true;
    }

    private static bool Extend(ref ulong bytes, ulong offset, ulong length)
    {
        if (offset > MaxBytes || length > MaxBytes || offset + length > MaxBytes)
        {
            return false;
        }

        bytes = offset + length > bytes ? offset + length : bytes;
        return true;
    }

    private static bool TryText(byte* image, out ulong bytes)
    {
        bytes = 0;
        var first = image;
        while (*first is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n')
        {
            first++;
        }

        // PTX starts with a comment or .version: anything else is no image, and its length means nothing.
        if (*first is not ((byte)'.' or (byte)'/'))
        {
            return false;
        }

        var end = first;
        while (((nuint)end & 7) != 0)
        {
            if (*end == 0)
            {
                bytes = (ulong)(end - image);
                return true;
            }

            end++;
        }

        // Eight bytes at once; aligned, so a read never crosses into a page that the text does not touch.
        while ((((*(ulong*)end) - 0x0101010101010101) & ~*(ulong*)end & 0x8080808080808080) == 0)
        {
            end += 8;
            if ((ulong)(end - image) > MaxBytes)
            {
                return false;
            }
        }

        while (*end != 0)
        {
            end++;
        }

        bytes = (ulong)(end - image);
        return true;
    }
}
