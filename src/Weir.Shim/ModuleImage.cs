using Weir.Shim.Guest;

namespace Weir.Shim;

/// <summary>
/// How long a module image is: the API gives only a pointer. Fat binaries and ELF files say it in their heads, PTX ends with a NUL.
/// Field offsets: fat binary as published by ZLUDA (cuda_types/src/dark_api.rs), ELF64 as in the ELF specification.
/// </summary>
internal static unsafe class ModuleImage
{
    private const uint WrapperMagic = 0x466243B1;
    private const uint FatBinaryMagic = 0xBA55ED50;
    private const uint OldFatBinaryMagic = 0x1EE55A01;
    private const uint ElfMagic = 0x464C457F;

    /// <summary>Nothing larger is believed.</summary>
    private const ulong LargestBytes = 1UL << 31;

    /// <summary>
    /// The bytes to send for <paramref name="image"/> and their number; false when it says of itself something impossible. A
    /// wrapper is followed to what it points to.
    /// </summary>
    internal static bool TryMeasure(byte* image, out byte* data, out ulong bytes)
    {
        data = image;
        bytes = 0;
        var magic = Magic(data);
        if (magic == WrapperMagic)
        {
            data = *(byte**)(image + 8);
            if (data == null)
            {
                return false;
            }
            magic = Magic(data);
        }

        bytes = magic switch
        {
            FatBinaryMagic or OldFatBinaryMagic => FatBinaryBytes(data),
            ElfMagic => ElfBytes(data),
            _ => (ulong)GuestLibc.Length(data) + 1,
        };
        return bytes is > 1 and < LargestBytes;
    }

    /// <summary>First four bytes, read one by one up to a NUL: a text may be shorter.</summary>
    private static uint Magic(byte* data)
    {
        uint magic = 0;
        for (var i = 0; i < 4; i++)
        {
            magic |= (uint)data[i] << (8 * i);
            if (data[i] == 0)
            {
                break;
            }
        }
        return magic;
    }

    private static ulong FatBinaryBytes(byte* header)
    {
        var headerBytes = *(ushort*)(header + 6);
        var contentBytes = *(ulong*)(header + 8);
        return headerBytes < 16 || contentBytes >= LargestBytes ? 0 : headerBytes + contentBytes;
    }

    /// <summary>End of the last section, segment or table.</summary>
    private static ulong ElfBytes(byte* elf)
    {
        const int headerBytes = 64;
        const byte is64Bit = 2;
        if (elf[4] != is64Bit)
        {
            return 0;
        }
        ulong end = headerBytes;
        var programs = *(ulong*)(elf + 32);
        var sections = *(ulong*)(elf + 40);
        var programCount = *(ushort*)(elf + 56);
        var sectionCount = *(ushort*)(elf + 60);
        if (
            programs >= LargestBytes
            || sections >= LargestBytes
            || *(ushort*)(elf + 54) < (programCount == 0 ? 0 : 56)
            || *(ushort*)(elf + 58) < (sectionCount == 0 ? 0 : 64)
        )
        {
            return 0;
        }
        for (var i = 0; i < programCount; i++)
        {
            var entry = elf + programs + (ulong)i * *(ushort*)(elf + 54);
            Extend(ref end, *(ulong*)(entry + 8), *(ulong*)(entry + 32));
            Extend(ref end, programs, (ulong)(i + 1) * *(ushort*)(elf + 54));
        }
        for (var i = 0; i < sectionCount; i++)
        {
            const uint noBits = 8;
            var entry = elf + sections + (ulong)i * *(ushort*)(elf + 58);
            if (*(uint*)(entry + 4) != noBits)
            {
                Extend(ref end, *(ulong*)(entry + 24), *(ulong*)(entry + 32));
            }
            Extend(ref end, sections, (ulong)(i + 1) * *(ushort*)(elf + 58));
        }
        return end;
    }

    private static void Extend(ref ulong end, ulong offset, ulong bytes)
    {
        var here = offset >= LargestBytes || bytes >= LargestBytes ? LargestBytes : offset + bytes;
        end = here > end ? here : end;
    }
}
