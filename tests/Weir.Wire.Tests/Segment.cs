using System.Runtime.InteropServices;

namespace Weir.Wire.Tests;

/// <summary>A session segment in a memfd, as a worker makes it.</summary>
internal sealed unsafe partial class Segment : IDisposable
{
    private const int SharedMapping = 1;
    private const int ReadWrite = 3;

    public Segment(int? descriptor = null)
    {
        Descriptor = descriptor ?? memfd_create("weir-test"u8, 0);
        Assert.True(Descriptor >= 0);
        if (descriptor is null)
        {
            Assert.Equal(0, ftruncate(Descriptor, (nint)SegmentLayout.SegmentBytes));
        }
        Base = (byte*)mmap(0, (nuint)SegmentLayout.SegmentBytes, ReadWrite, SharedMapping, Descriptor, 0);
        Assert.NotEqual(-1, (nint)Base);
        Control->State = (uint)SessionState.Open;
    }

    public byte* Base { get; }

    public int Descriptor { get; }

    public ControlPage* Control => SegmentLayout.Control(Base);

    /// <summary>A producer on the slot.</summary>
    public RingWriter Writer(int slot)
    {
        RingWriter writer = default;
        writer.Open(Base, slot, false);
        return writer;
    }

    public void Dispose()
    {
        Assert.Equal(0, munmap(Base, (nuint)SegmentLayout.SegmentBytes));
        Assert.Equal(0, close(Descriptor));
    }

    [LibraryImport("libc")]
    private static partial int memfd_create(ReadOnlySpan<byte> name, uint flags);

    [LibraryImport("libc")]
    private static partial int ftruncate(int descriptor, nint bytes);

    [LibraryImport("libc")]
    private static partial nint mmap(nint address, nuint bytes, int protection, int flags, int descriptor, nint offset);

    [LibraryImport("libc")]
    private static partial int munmap(void* address, nuint bytes);

    [LibraryImport("libc")]
    private static partial int close(int descriptor);
}
