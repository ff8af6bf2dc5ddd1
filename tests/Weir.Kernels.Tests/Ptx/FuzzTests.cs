using System.Text;
using Weir.Kernels.Fatbin;
using Weir.Kernels.Ptx;
using Weir.Kernels.Tests.Fatbin;
using Xunit;

namespace Weir.Kernels.Tests.Ptx;

/// <summary>Damaged text and images: nothing but a <see cref="PtxException"/> may come of them, soon and in little memory.</summary>
public sealed class FuzzTests
{
    private static readonly byte[][] Seeds =
    [
        Read("coverage.O0.ptx"),
        Read("coverage.O2.ptx"),
        Read("conformance.memory.ptx"),
        Encoding.Latin1.GetBytes(Dense),
    ];

    // A text in which every byte matters.
    private const string Dense = """
        .version 8.0
        .target sm_80
        .address_size 64
        .global .align 8 .u64 a[2][2] = {{b, generic(c)+4}, {0xff, -(1+2)*3}};
        .const .f32 b[3] = {0f3F800000, 1.5e3};
        .global .b8 c[8] = {0xff(a), 0xff00(a)};
        .extern .shared .align 16 .b8 dyn[];
        .func (.param .b32 r) f(.param .align 4 .b8 x[8]) { .reg .b32 %v<3>; .reg .pred %p;
          ld.param.v2.u32 {%v1, %v2}, [x]; setp.lt.or.s32 %p|_, %v1, -1, !%p; @!%p bra L; st.param.b32 [r], %v1; ret; L: trap; }
        .visible .entry k(.param .u64 p, .param .align 16 .b8 s[32]) .maxntid 32, 2
        { .reg .b32 %r<9>; .reg .f32 %f<5>; .reg .b64 %d<5>; .reg .pred %q; .local .align 4 .b8 l[16];
          ld.param.u64 %d1, [p]; mov.u32 %r1, %tid.x; T: .branchtargets A, B; brx.idx %r1, T;
          A: { .param .align 4 .b8 q0[8]; .param .b32 q1; st.param.v2.b32 [q0], {%r1, 7}; call (q1), f, (q0); ld.param.b32 %r2, [q1+0]; }
          tex.2d.v4.f32.f32 {%f1, %f2, %f3, %f4}, [%d1, {%f1, %f2}]; mov.b64 {%r1, _}, %d1; fma.rn.ftz.f32 %f1, %f2, %f3, 0fBF800000;
          B: atom.global.add.u32 %r1, [%d1+-4], 5; bar.sync 0; shfl.sync.down.b32 %r1|%q, %r2, 1, 31, -1; cvt.rzi.sat.u8.f32 %r3, %f1; }
        """;

    [Fact]
    public void Mutated_text()
    {
        var random = new Random(20261);
        for (var i = 0; i < 1500; i++)
        {
            Try(Mutate(Seeds[i % Seeds.Length], random));
        }
    }

    [Fact]
    public void Truncated_text()
    {
        var dense = Seeds[^1];
        for (var length = 0; length < dense.Length; length++)
        {
            Try(dense[..length]);
        }

        var random = new Random(20262);
        for (var i = 0; i < 200; i++)
        {
            var seed = Seeds[i % Seeds.Length];
            Try(seed[..random.Next(seed.Length)]);
        }
    }

    [Fact]
    public void Tokens_in_any_order()
    {
        var random = new Random(20263);
        var tokens = Dense.Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries);
        for (var i = 0; i < 2000; i++)
        {
            var body = string.Join(
                ' ',
                Enumerable.Range(0, random.Next(1, 60)).Select(_ => tokens[random.Next(tokens.Length)])
            );
            Try(Encoding.Latin1.GetBytes(i % 2 == 0 ? Texts.Header + body : Texts.Kernel(body)));
        }
    }

    [Theory]
    [InlineData("{")]
    [InlineData("(")]
    [InlineData("[")]
    [InlineData("-")]
    [InlineData("~(")]
    [InlineData("add.s32 {")]
    [InlineData("mov.u32 %r1, -")]
    [InlineData(".global .u32 x = (")]
    [InlineData(".global .u32 x[2] = {")]
    public void Deep_nesting(string opening)
    {
        var many = string.Concat(Enumerable.Repeat(opening, 100_000));
        Try(Encoding.Latin1.GetBytes(Texts.Header + many));
        Try(Encoding.Latin1.GetBytes(Texts.Header + ".global .u32 x = " + many + ";"));
        Try(Encoding.Latin1.GetBytes(Texts.Kernel(many)));
        Try(Encoding.Latin1.GetBytes(Texts.Kernel("mov.u32 %r1, " + many)));
    }

    [Fact]
    public void Damaged_fat_binaries()
    {
        var random = new Random(20264);
        var plain = Encoding.Latin1.GetBytes(Dense);
        byte[][] seeds =
        [
            FatbinBytes.Container(FatbinBytes.Entry(1, 70, plain), FatbinBytes.Entry(2, 80, new byte[40])),
            FatbinBytes.Container(
                FatbinBytes.Entry(1, 70, FatbinBytes.Lz4(plain), FatbinBytes.Lz4Flag, (ulong)plain.Length)
            ),
            FatbinBytes.Container(
                FatbinBytes.Entry(1, 70, FatbinBytes.Zstd(plain), FatbinBytes.ZstdFlag, (ulong)plain.Length)
            ),
        ];
        for (var i = 0; i < 3000; i++)
        {
            var image = Mutate(seeds[i % 3], random);
            try
            {
                ModuleImage.Read(image, 89);
            }
            catch (PtxException e)
            {
                Assert.NotEmpty(e.Message);
            }
        }
    }

    private static void Try(byte[] text)
    {
        try
        {
            var module = PtxModule.Parse(text);
            foreach (var entry in module.Entries.Take(20))
            {
                try
                {
                    module.Lower(entry.Name);
                }
                catch (PtxException e)
                {
                    Assert.NotEmpty(e.Message);
                    Assert.True(e.Line >= 0);
                }

                module.EntryText(entry.Name);
            }
        }
        catch (PtxException e)
        {
            Assert.NotEmpty(e.Message);
        }
    }

    private static byte[] Mutate(byte[] seed, Random random)
    {
        var text = seed.ToList();
        for (var n = random.Next(1, 6); n > 0; n--)
        {
            var at = random.Next(text.Count);
            switch (random.Next(6))
            {
                case 0:
                    text[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    text[at] = (byte)random.Next(256);
                    break;
                case 2:
                    text.RemoveRange(at, Math.Min(text.Count - at, random.Next(1, 20)));
                    break;
                case 3:
                    var from = random.Next(text.Count);
                    text.InsertRange(at, text.GetRange(from, Math.Min(text.Count - from, random.Next(1, 40))));
                    break;
                case 4:
                    text[at] = (byte)"{}()[]<>,;:.|@!%+-0129"[random.Next(22)];
                    break;
                default:
                    text.InsertRange(
                        at,
                        Encoding.Latin1.GetBytes(random.Next(2) == 0 ? "99999999999999999999" : "0xFFFFFFFFFFFFFFFF")
                    );
                    break;
            }

            if (text.Count == 0)
            {
                text.Add((byte)'.');
            }
        }

        return [.. text];
    }

    private static byte[] Read(string name)
    {
        using var stream = typeof(FuzzTests).Assembly.GetManifestResourceStream(name)!;
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }
}
