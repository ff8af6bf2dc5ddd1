using Weir.Devices.Software.Native;

namespace Weir.Devices.Software.Memory;

/// <summary>
/// Memory without an address (cuMemCreate): a file in memory, so that it can be mapped in several places. It lives while a
/// handle or a mapping refers to it. Guarded by <see cref="VirtualMemory"/>.
/// </summary>
internal sealed class PhysicalMemory(int file, ulong sizeBytes, ulong flags)
{
    /// <summary>Descriptor of the file.</summary>
    public int File { get; } = file;

    /// <summary>Size, bytes; a multiple of <see cref="VirtualMemory.Granularity"/>.</summary>
    public ulong SizeBytes { get; } = sizeBytes;

    /// <summary>Flags that it was created with.</summary>
    public ulong Flags { get; } = flags;

    /// <summary>Handle that the program holds; 0 once it is released.</summary>
    public nint Handle { get; set; }

    /// <summary>Handles that the program holds, all of the same value.</summary>
    public int Handles { get; set; } = 1;

    /// <summary>Places where it is mapped.</summary>
    public int Mappings { get; set; }

    /// <summary>Makes zeroed memory; null when the system has none.</summary>
    public static PhysicalMemory? Create(ulong sizeBytes, ulong flags)
    {
        int file = LibC.CreateMemoryFile("weir-physical");
        if (file < 0)
        {
            return null;
        }
        if (LibC.Truncate(file, (long)sizeBytes) != 0)
        {
            _ = LibC.Close(file);
            return null;
        }
        return new PhysicalMemory(file, sizeBytes, flags);
    }
}
