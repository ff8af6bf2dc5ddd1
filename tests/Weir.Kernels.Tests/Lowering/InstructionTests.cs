using Weir.Kernels.Ir;
using Weir.Kernels.Tests.Ptx;
using Xunit;

namespace Weir.Kernels.Tests.Lowering;

/// <summary>What modifiers and operands become.</summary>
public sealed class InstructionTests
{
    [Fact]
    public void Modifiers_become_fields()
    {
        var fma = Texts.One("fma.rn.ftz.sat.f32 %f1, %f2, %f3, 0f3F800000;");
        Assert.Equal(
            (IrOp.Fma, IrType.F32, IrRounding.Rn, true, true),
            (fma.Op, fma.Type, fma.Rounding, fma.Ftz, fma.Saturate)
        );
        Assert.Equal(0x3F800000u, fma.Sources[2].Bits);
        Assert.Equal(Texts.BodyLine, fma.Line);
        Assert.Equal(IrRounding.Rn, Texts.One("add.f32 %f1, %f2, %f3;").Rounding);
        Assert.Equal((IrOp.Fma, IrRounding.Rn), Fields(Texts.One("mad.rn.f64 %g1, %g2, %g3, %g4;")));
        var cvt = Texts.One("cvt.rzi.ftz.sat.u8.f32 %r1, %f1;");
        Assert.Equal((IrType.F32, IrType.U8, IrRounding.Rzi), (cvt.Type, cvt.DestType, cvt.Rounding));
        var wide = Texts.One("mad.wide.s16 %r1, %h1, %h2, %r2;");
        Assert.Equal((IrPart.Wide, IrType.S16, IrType.S32), (wide.Part, wide.Type, wide.DestType));
        var carry = Texts.One("addc.cc.u32 %r1, %r2, %r3;");
        Assert.Equal((IrOp.AddC, true, true), (carry.Op, carry.CarryIn, carry.CarryOut));
        Assert.Equal(IrPart.Hi, Texts.One("shf.l.wrap.b32 %r1, %r2, %r3, %r4;").Part);
        Assert.False(Texts.One("shf.r.clamp.b32 %r1, %r2, %r3, %r4;").Flag);
        Assert.True(Texts.One("shf.r.wrap.b32 %r1, %r2, %r3, %r4;").Flag);
        Assert.True(Texts.One("bfind.shiftamt.u64 %r1, %d1;").Flag);
        Assert.True(Texts.One("cvta.to.shared.u64 %d1, %d2;").Flag);
        Assert.Equal(IrPrmt.Rc16, Texts.One("prmt.b32.rc16 %r1, %r2, %r3, %r4;").PrmtMode);
        Assert.Equal(IrTestP.NotANumber, Texts.One("testp.notanumber.f32 %p1, %f1;").TestP);
        var dp = Texts.One("dp4a.s32.u32 %r1, %r2, %r3, %r4;");
        Assert.Equal((IrType.S32, IrType.U32), (dp.Type, dp.DestType));

        static (IrOp, IrRounding) Fields(IrInstruction i) => (i.Op, i.Rounding);
    }

    [Fact]
    public void Guards_and_comparisons()
    {
        var guarded = Texts.One("@!%p3 add.s32 %r1, %r2, -1;");
        Assert.True(guarded.Guard.Negated);
        Assert.Equal(0xFFFFFFFFu, guarded.Sources[1].Bits);
        var setp = Texts.One("setp.hs.and.u32 %p1|%p2, %r1, 7, !%p3;");
        Assert.Equal((IrCompare.Ge, IrCombine.And, 2), (setp.Compare, setp.Combine, setp.Dests.Count));
        Assert.True(setp.Sources[2].Negated);
        Assert.Single(Texts.One("setp.neu.ftz.f32 %p1, %f1, 0f00000000;").Dests);
        Assert.True(Texts.One("setp.eq.s32 _|%p1, %r1, %r2;").Dests[0].IsNone);
        var set = Texts.One("set.gtu.f32.f64 %f1, %g1, %g2;");
        Assert.Equal((IrType.F64, IrType.F32), (set.Type, set.DestType));
        var slct = Texts.One("slct.u64.f32 %d1, %d2, %d3, %f1;");
        Assert.Equal((IrType.F32, IrType.U64), (slct.Type, slct.DestType));
    }

    [Theory]
    [InlineData("mov.b32 %r1, 0xFFFFFFFFFFFFFFFF;", 0xFFFFFFFFUL)]
    [InlineData("mov.s32 %r1, -2147483648;", 0x80000000UL)]
    [InlineData("mov.u16 %h1, -1;", 0xFFFFUL)]
    [InlineData("mov.u64 %d1, 0xFFFFFFFFFFFFFFFFU;", ulong.MaxValue)]
    [InlineData("mov.u32 %r1, 010;", 8UL)]
    [InlineData("mov.u32 %r1, 0b101;", 5UL)]
    [InlineData("mov.u32 %r1, (3 + 4) * 2;", null)]
    [InlineData("mov.u32 %r1, 3 + 4 * 2;", 11UL)]
    [InlineData("mov.u32 %r1, WARP_SZ;", 32UL)]
    [InlineData("mov.f32 %f1, 0fBF800000;", 0xBF800000UL)]
    [InlineData("mov.f32 %f1, -1.5;", 0xBFC00000UL)]
    [InlineData("mov.f32 %f1, 1e3;", 0x447A0000UL)]
    [InlineData("mov.f64 %g1, 0d3FF0000000000000;", 0x3FF0000000000000UL)]
    [InlineData("mov.b64 %d1, 0d3FF0000000000000;", 0x3FF0000000000000UL)]
    [InlineData("mov.b32 %r1, 0f3F800000;", 0x3F800000UL)]
    [InlineData("mov.f64 %g1, 0f3F800000;", null)]
    [InlineData("mov.f32 %f1, 1;", null)]
    [InlineData("mov.b32 %r1, 0d3FF0000000000000;", null)]
    [InlineData("mov.u32 %r1, 1.5;", null)]
    public void Literals(string text, ulong? bits)
    {
        if (bits is { } expected)
        {
            Assert.Equal(IrOperand.Immediate(expected), Texts.One(text).Sources[0]);
        }
        else
        {
            Assert.Equal(Texts.BodyLine, Texts.Error(text).Line);
        }
    }

    [Fact]
    public void Moves_pack_unpack_and_take_special_registers()
    {
        var pack = Texts.One("mov.b64 %d1, {%r1, 7};");
        Assert.Equal((IrOp.Pack, IrType.B32, IrType.B64, 2), (pack.Op, pack.Type, pack.DestType, pack.Sources.Count));
        var unpack = Texts.One("mov.b32 {%h1, _}, %r1;");
        Assert.Equal((IrOp.Unpack, IrType.B32, IrType.B16), (unpack.Op, unpack.Type, unpack.DestType));
        Assert.True(unpack.Dests[1].IsNone);
        Assert.Equal(IrOperand.Special(IrSpecial.CtaIdY), Texts.One("mov.u32 %r1, %ctaid.y;").Sources[0]);
        Assert.Equal(IrOperand.Special(IrSpecial.Clock64), Texts.One("mov.u64 %d1, %clock64;").Sources[0]);
        Assert.Equal([IrOp.Mov, IrOp.Add], Texts.Code("add.u32 %r1, %tid.x, 1;").Select(i => i.Op));
        Assert.Equal([IrOp.Mov, IrOp.Unpack, IrOp.Mov], Texts.Code("mov.u32 %r1, %globaltimer_hi;").Select(i => i.Op));
        Assert.Contains("does not fit", Texts.Error("mov.u16 %h1, %tid.x;").Message);
        Assert.True(Texts.Error("mov.u32 %r1, %clusterid.x;").Unsupported);
    }

    [Fact]
    public void Accesses()
    {
        var load = Texts.One("ld.global.nc.L1::no_allocate.L2::128B.v4.u8 {%r1, %h1, _, %r3}, [%d1+-8];");
        Assert.Equal(
            (IrSpace.Global, IrType.U8, -8L, 4),
            (load.Space, load.Type, load.AddressOffset, load.Dests.Count)
        );
        Assert.True(load.Dests[2].IsNone);
        Assert.True(Texts.One("ld.volatile.shared.s16 %r1, [%r2];").Flag);
        Assert.Equal(IrOrder.Acquire, Texts.One("ld.acquire.gpu.global.u32 %r1, [%d1];").Order);
        Assert.Equal(9, Texts.One("ld.global.u32 %r1, [%d1+4*3-3];").AddressOffset);
        Assert.Equal(IrSpace.Generic, Texts.One("st.f64 [%d1], %g1;").Space);
        Assert.Equal(0xFFu, Texts.One("st.global.u8 [%d1], -1;").Sources[0].Bits);
        Assert.Equal(IrOperandKind.Immediate, Texts.One("ld.shared.u32 %r1, [16];").Address.Kind);
        var parameter = Texts.Lower("ld.param.u32 %r1, [n];");
        Assert.Equal(8, parameter.Symbols[parameter.Blocks[0].Instructions[0].Address.Index].Offset);
        var cas = Texts.One("atom.acq_rel.gpu.global.cas.b64 _, [%d1+8], %d2, 5;");
        Assert.Equal(
            (IrAtomic.Cas, IrOrder.AcqRel, 8L, 2),
            (cas.Atomic, cas.Order, cas.AddressOffset, cas.Sources.Count)
        );
        Assert.True(cas.Dests[0].IsNone);
        var tex = Texts.One("tex.3d.v4.f32.s32 {%f1, %f2, %r3, _}, [%d1, {%r1, %r2, %r3, %r4}];");
        Assert.Equal(
            (IrGeometry.D3, IrType.S32, IrType.F32, 4),
            (tex.Geometry, tex.Type, tex.DestType, tex.Sources.Count)
        );
    }

    [Theory]
    [InlineData("ld.global.u32 %r1, [%r2];", "no 64-bit address")]
    [InlineData("ld.global.u32 %h1, [%d2];", "does not fit")]
    [InlineData("ld.global.v2.u32 %r1, [%d2];", "vector")]
    [InlineData("ld.global.v2.u32 {%r1, %r2, %r3}, [%d2];", "3 elements")]
    [InlineData("ld.global.v4.f64 {%g1, %g2, %g3, %g4}, [%d2];", "128 bits")]
    [InlineData("ld.global.u32 %r1, [n];", "state space")]
    [InlineData("ld.param.u32 %r1, [nothing];", "no variable")]
    [InlineData("ld.global.u32 %r1, %d1;", "brackets")]
    [InlineData("add.s32 %r1, %r2, %r99;", "not declared")]
    [InlineData("add.s32 %r1, %r2, %r03;", "not declared")]
    [InlineData("add.s32 %r1, %r2;", "operands")]
    [InlineData("add.s32 5, %r2, %r3;", "must be a register")]
    [InlineData("add.s32 %r1, %r2, !%p1;", "negated")]
    [InlineData("add.s32 %r1, %r2+4, 1;", "offset")]
    [InlineData("add.f32 %f1, %f2, n;", "does not fit")]
    [InlineData("@%r1 add.s32 %r1, %r2, 1;", "does not fit")]
    [InlineData("bra NOWHERE;", "no label")]
    [InlineData("bra %r1;", "no label")]
    [InlineData("{ INNER: ret; } bra INNER;", "no label")]
    [InlineData("A: A: ret;", "declared twice")]
    [InlineData(".reg .u32 %x; .reg .u32 %x;", "declared twice")]
    [InlineData("lop3.b32 %r1, %r2, %r3, %r4, 256;", "byte")]
    [InlineData("cvt.u32.f32 %r1, %f1;", "becomes an integer")]
    [InlineData("cvt.f32.u32 %f1, %r1;", "becomes floating")]
    [InlineData("cvt.rn.f64.f32 %g1, %f1;", "exact")]
    [InlineData("cvt.rn.u32.u64 %r1, %d1;", "not rounded")]
    [InlineData("cvt.f32.f64 %f1, %g1;", "narrowing")]
    [InlineData("mov.b64 %d1, {%r1, %r2, %r3};", "3 elements")]
    [InlineData("call nothing;", "no function")]
    [InlineData("st.param.u32 [n], %r1;", "cannot be written")]
    [InlineData("ld.param.u64 %d1, [n];", "outside of the kernel's parameters")]
    [InlineData("ld.param.u32 %r1, [a-4];", "outside of the kernel's parameters")]
    [InlineData("ld.param.u32 %r1, [12];", "outside of the kernel's parameters")]
    [InlineData("{ .param .b32 x; st.param.b64 [x], %d1; }", "outside of 'x'")]
    [InlineData("bar.sync 16;", "0 to 15")]
    [InlineData("bar.sync 1, 33;", "multiple of 32")]
    [InlineData("bar.red.popc.u32 %r1, 1, 31, %p1;", "multiple of 32")]
    [InlineData("add.s32 %r1, %r2, 1", "';'")]
    public void Mistakes_are_named_with_their_line(string text, string reason)
    {
        var error = Texts.Error($"{text}");
        Assert.Contains(reason, error.Message);
        Assert.False(error.Unsupported);
        Assert.InRange(error.Line, Texts.BodyLine, Texts.BodyLine + 1);
    }

    [Theory]
    [InlineData("mbarrier.inval.b64 [%d1];", "mbarrier.inval.b64")]
    [InlineData("vadd.s32.s32.s32 %r1, %r2, %r3;", "vadd.s32.s32.s32")]
    [InlineData("wgmma.fence.sync.aligned;", "wgmma.fence.sync.aligned")]
    [InlineData("add.u32.fancy %r1, %r2, %r3;", "add.u32.fancy")]
    [InlineData(".reg .v4 .f32 %v;", "vector registers")]
    [InlineData("tex.2d.v4.f32.f32 {%f1, %f2, %f3, %f4}, [%d1, %d2, {%f1, %f2}];", "samplers")]
    [InlineData("ld.global.L2::cache_hint.u32 %r1, [%d1], %d2;", "cache_hint")]
    public void What_is_valid_but_not_there_is_called_unsupported(string text, string reason)
    {
        var error = Texts.Error(text);
        Assert.True(error.Unsupported);
        Assert.Contains(reason, error.Message);
        Assert.Equal(Texts.BodyLine, error.Line);
    }
}
