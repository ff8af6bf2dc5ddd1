using System.Text;
using Weir.Kernels.Ir;
using Weir.Kernels.Ptx;
using Xunit;

namespace Weir.Kernels.Tests.Ptx;

public sealed class ModuleTests
{
    [Fact]
    public void Signatures_are_known_without_the_bodies()
    {
        var module = Texts.Module(
            """
            // a comment { with a brace
            .version 8.3
            .target sm_90a, debug
            .address_size 64
            .file 1 "a.cu", 123, 456
            .extern .func (.param .b32 r) vprintf (.param .b64 f, .param .b64 v);
            .visible .entry one(
                .param .u8 a, .param .align 16 .b8 s[20], .param .u64 .ptr .global .align 8 p, .param .f32 z
            )
            .maxntid 128, 2
            .minnctapersm 3
            .maxnreg 40
            { /* } */ this is not PTX but "}" nobody looks }
            .weak .entry two() .reqntid 32 { ret; }
            """
        );
        Assert.Equal((8, 3), module.Version);
        Assert.Equal(90, module.TargetSm);
        Assert.Equal("sm_90a", module.Target);
        Assert.Equal(["one", "two"], module.Entries.Select(e => e.Name));
        var one = module.FindEntry("one")!;
        Assert.Equal(["a", "s", "p", "z"], one.Parameters.Select(p => p.Name));
        Assert.Equal([0, 16, 40, 48], one.Parameters.Select(p => p.OffsetBytes));
        Assert.Equal([1, 20, 8, 4], one.Parameters.Select(p => p.SizeBytes));
        Assert.Equal([1, 16, 8, 4], one.Parameters.Select(p => p.AlignBytes));
        Assert.Equal(52, one.ParameterBytes);
        Assert.Equal((128, 2, 1), one.MaxThreads);
        Assert.Equal(3, one.MinBlocksPerProcessor);
        Assert.Equal(40, one.MaxRegisters);
        Assert.Equal((32, 1, 1), module.FindEntry("two")!.RequiredThreads);
        Assert.Null(module.FindEntry("three"));
        Assert.Single(module.Lower("two").Blocks);
        Assert.Equal(13, Assert.Throws<PtxException>(() => module.Lower("one")).Line);
    }

    [Fact]
    public void Text_ends_at_its_first_nul()
    {
        var module = Texts.Module(Texts.Kernel("ret;") + "\0\0 anything");
        Assert.Single(module.Entries);
    }

    [Fact]
    public void Variables_carry_their_contents_and_addresses()
    {
        var module = Texts.Module(
            Texts.Header
                + """
                .visible .global .align 4 .u32 n = 0x11223344;
                .const .align 8 .b8 text[6] = {104, 105, 0};
                .global .f32 floats[2][2] = {{0f3F800000, 2.5}, {-1.5}};
                .global .f64 d = 0d4000000000000000;
                .global .u64 pointers[3] = {n, generic(text)+4, 7};
                .global .align 8 .b8 packed[16] = {0xff(n), 0xff00(n), 0xff0000(n)};
                .extern .global .u32 elsewhere;
                .global .attribute(.managed) .s32 m = -(2 + 3) * 4;
                .global .u16 open[] = {1, 2, 3};
                .global .align 16 .v4 .f32 vector = {1.0, 2.0, 3.0, 4.0};
                .global .u32 a, b = 5;
                .shared .align 4 .b8 s[8];
                """
        );
        PtxVariable Find(string name) => module.Variables.Single(v => v.Name == name);
        Assert.Equal([0x44, 0x33, 0x22, 0x11], Find("n").Initial);
        Assert.True(Find("n").IsVisible);
        Assert.Equal((IrSpace.Const, 6L, 8), (Find("text").Space, Find("text").SizeBytes, Find("text").AlignBytes));
        Assert.Equal([1f, 2.5f, -1.5f], MemoryFloats(Find("floats").Initial));
        Assert.Equal(16, Find("floats").SizeBytes);
        Assert.Equal(2.0, BitConverter.ToDouble(Find("d").Initial));
        Assert.Equal(
            [new PtxRelocation(0, 8, "n", 0, 0), new PtxRelocation(8, 8, "text", 4, 0)],
            Find("pointers").Relocations
        );
        Assert.Equal(7, Find("pointers").Initial[16]);
        Assert.Equal([0, 8, 16], Find("packed").Relocations.Select(r => r.ShiftBits));
        Assert.All(Find("packed").Relocations, r => Assert.Equal(1, r.SizeBytes));
        Assert.True(Find("elsewhere").IsExtern);
        Assert.True(Find("m").IsManaged);
        Assert.Equal(-20, BitConverter.ToInt32(Find("m").Initial));
        Assert.Equal(6, Find("open").SizeBytes);
        Assert.Equal([1f, 2f, 3f, 4f], MemoryFloats(Find("vector").Initial));
        Assert.Equal(16, Find("vector").AlignBytes);
        Assert.Equal(5, Find("b").Initial[0]);
        Assert.Equal(IrSpace.Shared, Find("s").Space);
    }

    [Fact]
    public void A_kernels_own_text_is_a_module_with_all_that_it_names()
    {
        var text =
            Texts.Header
            + """
                .global .u32 unused;
                .global .u32 first;
                .global .u64 second = first;
                .func helper() { .reg .u64 %x;
                 mov.u64 %x, second; ret; }
                .func other() { ret; }
                .entry before() { ret; }
                .entry k()
                {
                  call helper;
                  trap;
                }
                """;
        var module = Texts.Module(text);
        var own = Encoding.Latin1.GetString(module.EntryText("k"));
        foreach (
            var (name, there) in new[]
            {
                ("unused", false),
                ("first;", true),
                ("second", true),
                ("helper()", true),
                ("other", false),
                ("before", false),
            }
        )
        {
            Assert.Equal(there, own.Contains(name, StringComparison.Ordinal));
        }

        var again = Texts.Module(own);
        var lines = again.Lower("k").Blocks.SelectMany(b => b.Instructions).Select(i => module.MapLine("k", i.Line));
        Assert.Equal(module.Lower("k").Blocks.SelectMany(b => b.Instructions).Select(i => i.Line), lines);
        Assert.Equal(again.EntryText("k"), module.EntryText("k"));
    }

    [Theory]
    [InlineData("", 1, false)]
    [InlineData("hello", 1, false)]
    [InlineData(".version 7.0\n.address_size 64\n", 2, false)]
    [InlineData(".version 77.0\n.target sm_70\n.address_size 64", 1, true)]
    [InlineData(".version 7.0\n.target sm_x\n.address_size 64", 2, false)]
    [InlineData(".version 7.0\n.target sm_70\n.address_size 32\n", 3, true)]
    [InlineData(".version 7.0\n.target sm_70\n", 0, true)]
    [InlineData(".version 7.0\n.target sm_70, texmode_independent\n", 2, true)]
    [InlineData(".version 7.0\n.target sm_70\n.address_size 64\n.entry k() {\n\n", 4, false)]
    [InlineData(".version 7.0\n.target sm_70\n.address_size 64\n.entry k() { }\n.entry k() { }", 5, false)]
    [InlineData(".version 7.0\n.target sm_70\n.address_size 64\n.global .u32 x;\n.global .u32 x;", 5, false)]
    [InlineData(".version 7.0\n.target sm_70\n.address_size 64\n.global .u32 x[2] = {1, 2, 3};", 4, false)]
    [InlineData(".version 7.0\n.target sm_70\n.address_size 64\n.global .u32 x[99999999999999];", 4, false)]
    [InlineData(".version 7.0\n.target sm_70\n.address_size 64\n.global .align 3 .u32 x;", 4, false)]
    [InlineData(".version 7.0\n.target sm_70\n.address_size 64\n.global .u32 x = 0q;", 4, false)]
    [InlineData(".version 7.0\n.target sm_70\n.address_size 64\n.global .u32 x = 1/0;", 4, false)]
    [InlineData(".version 7.0\n.target sm_70\n.address_size 64\n.global .u32 x[];", 4, false)]
    [InlineData(".version 7.0\n.target sm_70\n.address_size 64\n.entry k(.param .b8 x[40000]) { }", 4, false)]
    [InlineData(".version 7.0\n.target sm_70\n.address_size 64\n.entry k(.reg .u32 x) { }", 4, false)]
    [InlineData(".version 7.0\n.target sm_70\n.address_size 64\n/* no end", 4, false)]
    [InlineData(".version 7.0\n.target sm_70\n.address_size 64\n.entry k() .maxntid 0 { }", 4, false)]
    public void Errors_name_their_line(string text, int line, bool unsupported)
    {
        var error = Texts.ModuleError(text);
        Assert.Equal(line, error.Line);
        Assert.Equal(unsupported, error.Unsupported);
    }

    [Fact]
    public void A_directive_that_cannot_be_honoured_is_refused_with_its_kernel_only()
    {
        var module = Texts.Module(Texts.Header + ".entry k() .reqnctapercluster 2, 1, 1 { ret; }\n.entry l() { ret; }");
        Assert.NotNull(module.Lower("l"));
        var error = Assert.Throws<PtxException>(() => module.Lower("k"));
        Assert.True(error.Unsupported);
        Assert.Equal(4, error.Line);
        Assert.Contains(".reqnctapercluster", error.Message);
    }

    private static float[] MemoryFloats(byte[] bytes) =>
        [.. Enumerable.Range(0, bytes.Length / 4).Select(i => BitConverter.ToSingle(bytes, 4 * i))];
}
