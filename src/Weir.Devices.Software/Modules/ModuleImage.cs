using System.Runtime.InteropServices;
using Weir.Api;

namespace Weir.Devices.Software.Modules;

/// <summary>What a program hands to a module load: text or a container, of a length that only its contents tell.</summary>
internal static unsafe class ModuleImage
{
    private const uint WrapperMagic = 0x466243B1;
    private const uint FatbinMagic = 0xBA55ED50;
    private const uint ElfMagic = 0x464c457f;
    private const int WrapperDataOffset = 8;
    private const int FatbinHeaderSizeOffset = 6;
    private const int FatbinSizeOffset = 8;
    private const ulong MostBytes = 1ul << 31;

    /// <summary>Finds the bytes behind a pointer and what they are.</summary>
    public static CuResult Find(void* image, out ReadOnlySpan<byte> bytes, out ModuleImageKind kind)
    {
        bytes = default;
        kind = ModuleImageKind.Ptx;
        if (image is null)
        {
            return CuResult.InvalidValue;
        }
        byte* start = (byte*)image;
        // The first bytes one by one: text may be shorter than a magic number.
        if (StartsWith(start, WrapperMagic))
        {
            start = *(byte**)(start + WrapperDataOffset);
            if (start is null || !StartsWith(start, FatbinMagic))
            {
                return CuResult.InvalidImage;
            }
        }
        if (StartsWith(start, ElfMagic))
        {
            return CuResult.NoBinaryForGpu;
        }
        if (StartsWith(start, FatbinMagic))
        {
            ulong size = *(ushort*)(start + FatbinHeaderSizeOffset) + *(ulong*)(start + FatbinSizeOffset);
            if (size > MostBytes)
            {
                return CuResult.InvalidImage;
            }
            kind = ModuleImageKind.Fatbin;
            bytes = new ReadOnlySpan<byte>(start, (int)size);
            return CuResult.Success;
        }
        bytes = MemoryMarshal.CreateReadOnlySpanFromNullTerminated(start);
        return CuResult.Success;
    }

    private static bool StartsWith(byte* bytes, uint magic)
    {
        for (int index = 0; index < sizeof(uint); index++)
        {
            if (bytes[index] != (byte)(magic >> (8 * index)))
            {
                return false;
            }
        }
        return true;
    }
}

/// <summary>What an image is.</summary>
internal enum ModuleImageKind
{
    /// <summary>PTX text.</summary>
    Ptx,

    /// <summary>A container of PTX and machine code.</summary>
    Fatbin,
}
