using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Weir.Kernels.Fatbin;
using Xunit;

namespace Weir.Kernels.Tests.Fatbin;

public sealed unsafe class ImageExtentTests
{
    [Fact]
    public void Text_ends_at_its_nul_wherever_it_starts()
    {
        var buffer = (byte*)NativeMemory.AlignedAlloc(256, 64);
        for (var offset = 0; offset < 16; offset++)
        {
            for (var length = 1; length < 40; length++)
            {
                new Span<byte>(buffer, 256).Fill(0xff);
                new Span<byte>(buffer + offset, length).Fill((byte)'/');
                buffer[offset + length] = 0;
                Assert.True(ImageExtent.TryPart(buffer + offset, 0, out var start, out var bytes));
                Assert.True(start == buffer + offset);
                Assert.Equal((ulong)length, bytes);
                Assert.False(ImageExtent.TryPart(buffer + offset, 1, out _, out _));
            }
        }

        NativeMemory.AlignedFree(buffer);
    }

    [Theory]
    [InlineData("hello")]
    [InlineData("")]
    [InlineData("  \n x")]
    public void Other_text_is_no_image(string text) =>
        Assert.Null(Measure([.. Encoding.Latin1.GetBytes(text), 0, 0, 0, 0]));

    [Fact]
    public void Text_may_start_with_white_space() =>
        Assert.Equal(13UL, Measure(Encoding.Latin1.GetBytes("\n .version 8\n\0")));

    [Fact]
    public void Fat_binaries_say_their_length()
    {
        var image = FatbinBytes.Container(FatbinBytes.Entry(1, 70, new byte[100]));
        Assert.Equal((ulong)image.Length, Measure([.. image, 9, 9, 9]));
        BinaryPrimitives.WriteUInt64LittleEndian(image.AsSpan(8), ulong.MaxValue - 8);
        Assert.Null(Measure(image));
    }

    [Fact]
    public void Wrappers_lead_to_their_parts()
    {
        var first = FatbinBytes.Container(FatbinBytes.Entry(1, 70, new byte[10]));
        var second = FatbinBytes.Container(FatbinBytes.Entry(1, 80, new byte[30]));
        fixed (byte* one = first)
        fixed (byte* two = second)
        {
            var list = stackalloc byte*[3] { one, two, null };
            var wrapper = stackalloc nint[3] { unchecked((nint)0x1_466243B1), (nint)one, (nint)list };
            Assert.Equal([(nint)one], Parts((byte*)wrapper));
            wrapper[0] = unchecked((nint)0x2_466243B1);
            Assert.Equal([(nint)one, (nint)one, (nint)two], Parts((byte*)wrapper));
            wrapper[1] = 0;
            Assert.Equal([(nint)one, (nint)two], Parts((byte*)wrapper));
            wrapper[2] = 0;
            Assert.Empty(Parts((byte*)wrapper));
        }

        Assert.False(ImageExtent.TryPart(null, 0, out _, out _));
    }

    [Fact]
    public void Machine_code_ends_with_its_last_section()
    {
        var image = new byte[1000];
        BinaryPrimitives.WriteUInt32LittleEndian(image, ImageExtent.ElfMagic);
        image[4] = 2;
        BinaryPrimitives.WriteUInt64LittleEndian(image.AsSpan(40), 200);
        BinaryPrimitives.WriteUInt16LittleEndian(image.AsSpan(58), 64);
        BinaryPrimitives.WriteUInt16LittleEndian(image.AsSpan(60), 2);
        Section(0, type: 8, offset: 10, size: 100000);
        Section(1, type: 1, offset: 500, size: 77);
        Assert.Equal(577UL, Measure(image));
        Section(1, type: 1, offset: 1UL << 62, size: 1UL << 63);
        Assert.Null(Measure(image));

        void Section(int index, uint type, ulong offset, ulong size)
        {
            var header = image.AsSpan(200 + 64 * index);
            BinaryPrimitives.WriteUInt32LittleEndian(header[4..], type);
            BinaryPrimitives.WriteUInt64LittleEndian(header[24..], offset);
            BinaryPrimitives.WriteUInt64LittleEndian(header[32..], size);
        }
    }

    [Fact]
    public void A_machine_of_this_kind_has_files_that_measure_right()
    {
        var file = File.ReadAllBytes("/proc/self/exe");
        var measured = Measure(file);
        Assert.NotNull(measured);
        Assert.InRange(measured.Value, 1UL, (ulong)file.Length);
    }

    private static ulong? Measure(byte[] image)
    {
        fixed (byte* at = image)
        {
            return ImageExtent.TryPart(at, 0, out _, out var bytes) ? bytes : null;
        }
    }

    private static List<nint> Parts(byte* wrapper)
    {
        var parts = new List<nint>();
        while (ImageExtent.TryPart(wrapper, parts.Count, out var start, out _))
        {
            parts.Add((nint)start);
        }

        return parts;
    }
}
