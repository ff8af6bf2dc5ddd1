using System.Runtime.InteropServices;
using Weir.Kernels.Abi;

namespace Weir.Kernels.Loading;

/// <summary>
/// A compiled kernel in memory: the sections of its object mapped, relocated against each other and made read-only
/// and executable. Nothing outside the object is ever linked in. Dispose only when no thread runs the code any more.
/// </summary>
public sealed unsafe class ObjectLoader : IDisposable
{
    private readonly nint _mapping;
    private readonly nuint _size;
    private bool _disposed;

    private ObjectLoader(nint mapping, nuint size, nint entry)
    {
        _mapping = mapping;
        _size = size;
        Entry = entry;
    }

    /// <summary>Address of <see cref="KernelAbi.EntrySymbol"/>; valid until <see cref="Dispose"/>.</summary>
    public nint Entry { get; }

    /// <summary>First byte of the mapping.</summary>
    public nint CodeStart => _mapping;

    /// <summary>Size of the mapping, bytes.</summary>
    public nuint CodeBytes => _size;

    /// <summary>The entry as it is called: launch, thread, first block, end block → <see cref="KernelFault"/>.</summary>
    public delegate* unmanaged<KernelLaunch*, KernelThread*, ulong, ulong, KernelFault> Function =>
        (delegate* unmanaged<KernelLaunch*, KernelThread*, ulong, ulong, KernelFault>)Entry;

    /// <summary>Loads an object.</summary>
    /// <param name="image">x86-64 ELF relocatable object; every offset in it is checked.</param>
    /// <exception cref="InvalidDataException">The object is malformed, or needs something outside itself.</exception>
    public static ObjectLoader Load(ReadOnlySpan<byte> image)
    {
        ElfObject elf = ElfObject.Parse(image);
        nuint size = elf.ImageBytes;
        nint mapping = Native.mmap(
            0,
            size,
            Native.ProtRead | Native.ProtWrite,
            Native.MapPrivate | Native.MapAnonymous,
            -1,
            0
        );
        if (mapping == -1)
        {
            throw new OutOfMemoryException(
                $"A compiled kernel of {size} bytes cannot be mapped (errno {Marshal.GetLastPInvokeError()})."
            );
        }
        try
        {
            Span<byte> memory = new((void*)mapping, checked((int)size));
            elf.CopyTo(memory);
            elf.Relocate(memory, (ulong)mapping);
            if (Native.mprotect(mapping, size, Native.ProtRead | Native.ProtExec) != 0)
            {
                throw new InvalidOperationException(
                    $"A compiled kernel cannot be made executable (errno {Marshal.GetLastPInvokeError()})."
                );
            }
            return new ObjectLoader(mapping, size, mapping + (nint)elf.SymbolOffset(KernelAbi.EntrySymbol));
        }
        catch
        {
            _ = Native.munmap(mapping, size);
            throw;
        }
    }

    /// <summary>Unmaps the code.</summary>
    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            _ = Native.munmap(_mapping, _size);
        }
    }

    private static class Native
    {
        public const int ProtRead = 1;
        public const int ProtWrite = 2;
        public const int ProtExec = 4;
        public const int MapPrivate = 2;
        public const int MapAnonymous = 0x20;

        [DllImport("libc", SetLastError = true)]
        public static extern nint mmap(nint address, nuint length, int protection, int flags, int file, long offset);

        [DllImport("libc", SetLastError = true)]
        public static extern int mprotect(nint address, nuint length, int protection);

        [DllImport("libc", SetLastError = true)]
        public static extern int munmap(nint address, nuint length);
    }
}
