using System.Text;
using Weir.Kernels.Fatbin;
using Xunit;

namespace Weir.Kernels.Tests.Fatbin;

public sealed class FatbinTests
{
    private const ushort Ptx = 1;
    private const ushort Elf = 2;

    [Theory]
    [InlineData(0UL)]
    [InlineData(FatbinBytes.Lz4Flag)]
    [InlineData(FatbinBytes.ZstdFlag)]
    public void Entries_are_read_and_decompressed(ulong flag)
    {
        var plain = Module(70);
        var stored = flag switch
        {
            FatbinBytes.Lz4Flag => FatbinBytes.Lz4(plain),
            FatbinBytes.ZstdFlag => FatbinBytes.Zstd(plain),
            _ => plain,
        };

        // The size that the header says may be wrong, in both directions.
        foreach (var declared in (ulong[])[(ulong)plain.Length, 0, 3, 1000000, ulong.MaxValue])
        {
            var image = FatbinBytes.Container(
                FatbinBytes.Entry(Elf, 80, [1, 2, 3]),
                FatbinBytes.Entry(Ptx, 70, stored, flag, declared)
            );
            var entries = FatbinReader.Read(image);
            Assert.Equal([FatbinKind.Elf, FatbinKind.Ptx], entries.Select(e => e.Kind));
            Assert.Equal([80, 70], entries.Select(e => e.Sm));
            Assert.Equal(plain, entries[1].Contents()[..plain.Length].ToArray());
            Assert.Equal(70, ModuleImage.Read(image, 89)!.TargetSm);
        }
    }

    [Fact]
    public void The_newest_ptx_that_runs_is_taken()
    {
        var image = FatbinBytes.Container(
            FatbinBytes.Entry(Ptx, 70, Module(70)),
            FatbinBytes.Entry(Ptx, 90, Module(90)),
            FatbinBytes.Entry(Ptx, 80, Module(80, "first")),
            FatbinBytes.Entry(Ptx, 80, Module(80, "second")),
            FatbinBytes.Entry(Ptx, 87, Encoding.Latin1.GetBytes(".version 8.0\n.target sm_87a\n.address_size 64\n"))
        );
        Assert.Equal("second", ModuleImage.Read(image, 89)!.Entries[0].Name);
        Assert.Equal(90, ModuleImage.Read(image, 100)!.TargetSm);
        Assert.Equal(70, ModuleImage.Read(image, 75)!.TargetSm);
        Assert.Equal(87, ModuleImage.Read(image, 87)!.TargetSm);
        Assert.Null(ModuleImage.Read(image, 61));
        Assert.Null(ModuleImage.Read("\u007fELF and so on"u8.ToArray(), 89));
        Assert.Equal(70, ModuleImage.Read(Module(70), 89)!.TargetSm);
        Assert.Null(ModuleImage.Read(Module(90), 89));
    }

    [Fact]
    public void Several_containers_may_follow_each_other()
    {
        byte[] image =
        [
            .. FatbinBytes.Container(FatbinBytes.Entry(Ptx, 70, Module(70))),
            0,
            0,
            0,
            .. FatbinBytes.Container(),
            .. FatbinBytes.Container(FatbinBytes.Entry(Ptx, 80, Module(80))),
        ];
        Assert.Equal([70, 80], FatbinReader.Read(image).Select(e => e.Sm));
    }

    [Fact]
    public void Truncated_images_are_refused()
    {
        var image = FatbinBytes.Container(
            FatbinBytes.Entry(Ptx, 70, Module(70)),
            FatbinBytes.Entry(Elf, 80, new byte[100])
        );
        for (var length = 0; length < image.Length; length++)
        {
            Assert.Throws<PtxException>(() => FatbinReader.Read(image.AsMemory(0, length)));
        }
    }

    [Fact]
    public void Damaged_contents_are_refused()
    {
        var stored = FatbinBytes.Zstd(Module(70));
        stored[^3] ^= 0x55;
        stored[8] ^= 0x55;
        var damaged = FatbinReader.Read(
            FatbinBytes.Container(FatbinBytes.Entry(Ptx, 70, stored, FatbinBytes.ZstdFlag))
        )[0];
        Assert.Throws<PtxException>(() => damaged.Contents());
        damaged = FatbinReader.Read(
            FatbinBytes.Container(FatbinBytes.Entry(Ptx, 70, [255, 255, 255, 1], FatbinBytes.Lz4Flag, 1UL << 60))
        )[0];
        Assert.Throws<PtxException>(() => damaged.Contents());
        damaged = FatbinReader.Read(
            FatbinBytes.Container(FatbinBytes.Entry(Ptx, 70, [1], FatbinBytes.Lz4Flag | FatbinBytes.ZstdFlag))
        )[0];
        Assert.Throws<PtxException>(() => damaged.Contents());
    }

    private static byte[] Module(int sm, string name = "k") =>
        Encoding.Latin1.GetBytes(
            $".version 8.0\n.target sm_{sm}\n.address_size 64\n.visible .entry {name}() {{ ret; }}\n"
        );
}
