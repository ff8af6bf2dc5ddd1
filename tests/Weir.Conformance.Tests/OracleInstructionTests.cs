using System.Buffers.Binary;
using System.Numerics;
using Xunit;

namespace Weir.Conformance.Tests;

/// <summary>Instructions on the oracle against the same thing said in C#.</summary>
public class OracleInstructionTests
{
    private sealed record Meaning(InstructionForm Form, Func<ulong[], ulong> Expected);

    private static int S(ulong bits) => (int)(uint)bits;

    private static float F(ulong bits) => BitConverter.UInt32BitsToSingle((uint)bits);

    private static ulong B(float value) => float.IsNaN(value) ? 0x7fff_ffff : BitConverter.SingleToUInt32Bits(value);

    private static ulong P(bool value) => value ? 1UL : 0;

    private static Meaning Of(
        string template,
        Func<ulong[], ulong> expected,
        string result,
        params ReadOnlySpan<string> sources
    ) => new(InstructionForm.Of(template, result, sources), expected);

    private static readonly Meaning[] Meanings =
    [
        Of("add.s32 d, a, b", v => (uint)(S(v[0]) + S(v[1])), "s32", "s32", "s32"),
        Of("sub.u16 d, a, b", v => (ushort)(v[0] - v[1]), "u16", "u16", "u16"),
        Of(
            "add.sat.s32 d, a, b",
            v => (uint)(int)Math.Clamp((long)S(v[0]) + S(v[1]), int.MinValue, int.MaxValue),
            "s32",
            "s32",
            "s32"
        ),
        Of("mul.hi.u64 d, a, b", v => Math.BigMul(v[0], v[1], out _), "u64", "u64", "u64"),
        Of("mul.hi.s32 d, a, b", v => (uint)(((long)S(v[0]) * S(v[1])) >> 32), "s32", "s32", "s32"),
        Of("mul.wide.s32 d, a, b", v => (ulong)((long)S(v[0]) * S(v[1])), "s64", "s32", "s32"),
        Of("mad.lo.s64 d, a, b, c", v => (v[0] * v[1]) + v[2], "s64", "s64", "s64", "s64"),
        Of("min.s16 d, a, b", v => (ushort)Math.Min((short)v[0], (short)v[1]), "s16", "s16", "s16"),
        Of("max.u64 d, a, b", v => Math.Max(v[0], v[1]), "u64", "u64", "u64"),
        Of("div.u32 d, a, b", v => v[1] == 0 ? uint.MaxValue : v[0] / v[1], "u32", "u32", "u32"),
        Of(
            "rem.s32 d, a, b",
            v =>
                v[1] == 0 ? v[0]
                : S(v[1]) == -1 ? 0
                : (uint)(S(v[0]) % S(v[1])),
            "s32",
            "s32",
            "s32"
        ),
        Of("abs.s32 d, a", v => (uint)(S(v[0]) < 0 ? -S(v[0]) : S(v[0])), "s32", "s32"),
        Of(
            "sad.u32 d, a, b, c",
            v => (uint)(v[2] + (v[0] > v[1] ? v[0] - v[1] : v[1] - v[0])),
            "u32",
            "u32",
            "u32",
            "u32"
        ),
        Of("shl.b32 d, a, b", v => v[1] > 31 ? 0 : (uint)v[0] << (int)v[1], "b32", "b32", "u32"),
        Of("shr.s32 d, a, b", v => (uint)(S(v[0]) >> (int)Math.Min(v[1], 31)), "s32", "s32", "u32"),
        Of("shr.u64 d, a, b", v => v[1] > 63 ? 0 : v[0] >> (int)v[1], "u64", "u64", "u32"),
        Of("popc.b64 d, a", v => (ulong)BitOperations.PopCount(v[0]), "u32", "b64"),
        Of("clz.b32 d, a", v => (ulong)BitOperations.LeadingZeroCount((uint)v[0]), "u32", "b32"),
        Of("bfind.u32 d, a", v => v[0] == 0 ? uint.MaxValue : (ulong)BitOperations.Log2((uint)v[0]), "u32", "u32"),
        Of("brev.b32 d, a", v => ReverseBits((uint)v[0]), "b32", "b32"),
        Of("bfe.u32 d, a, 8, 12", v => (v[0] >> 8) & 0xfff, "u32", "u32"),
        Of("bfe.s32 d, a, 4, 8", v => (uint)(sbyte)(v[0] >> 4), "s32", "s32"),
        Of("bfi.b32 d, a, b, 4, 8", v => (v[1] & ~0xff0UL) | ((v[0] & 0xff) << 4), "b32", "b32", "b32"),
        Of(
            "lop3.b32 d, a, b, c, 0xe2",
            v => (v[1] & v[0]) | (v[2] & ~v[1] & uint.MaxValue),
            "b32",
            "b32",
            "b32",
            "b32"
        ),
        Of("prmt.b32 d, a, b, 0x0123", v => BinaryPrimitives.ReverseEndianness((uint)v[0]), "b32", "b32", "b32"),
        Of("prmt.b32 d, a, b, 0x7610", v => (v[0] & 0xffff) | (v[1] & 0xffff_0000), "b32", "b32", "b32"),
        Of(
            "shf.l.wrap.b32 d, a, b, c",
            v => (uint)(((v[1] << 32) | v[0]) << (int)(v[2] & 31) >> 32),
            "b32",
            "b32",
            "b32",
            "u32"
        ),
        Of(
            "shf.r.clamp.b32 d, a, b, c",
            v => v[2] >= 32 ? v[1] : (uint)(((v[1] << 32) | v[0]) >> (int)v[2]),
            "b32",
            "b32",
            "b32",
            "u32"
        ),
        Of("dp4a.s32.s32 d, a, b, c", DotProduct, "s32", "s32", "s32", "s32"),
        Of("setp.lt.s32 d, a, b", v => P(S(v[0]) < S(v[1])), "pred", "s32", "s32"),
        Of("setp.lt.f32 d, a, b", v => P(F(v[0]) < F(v[1])), "pred", "f32", "f32"),
        Of("setp.geu.f32 d, a, b", v => P(!(F(v[0]) < F(v[1]))), "pred", "f32", "f32"),
        Of("setp.ne.f32 d, a, b", v => P(F(v[0]) < F(v[1]) || F(v[0]) > F(v[1])), "pred", "f32", "f32"),
        Of("selp.b64 d, a, b, c", v => v[2] != 0 ? v[0] : v[1], "b64", "b64", "b64", "pred"),
        Of("add.f32 d, a, b", v => B(F(v[0]) + F(v[1])), "f32", "f32", "f32"),
        Of(
            "fma.rn.f32 d, a, b, c",
            v => B(MathF.FusedMultiplyAdd(F(v[0]), F(v[1]), F(v[2]))),
            "f32",
            "f32",
            "f32",
            "f32"
        ),
        Of("min.f32 d, a, b", v => B(float.MinNumber(F(v[0]), F(v[1]))), "f32", "f32", "f32"),
        Of("max.NaN.f32 d, a, b", v => B(float.Max(F(v[0]), F(v[1]))), "f32", "f32", "f32"),
        Of("cvt.rzi.s32.f32 d, a", v => (uint)(int)F(v[0]), "s32", "f32"),
        Of(
            "cvt.rni.u8.f32 d, a",
            v => (byte)Math.Clamp(float.IsNaN(F(v[0])) ? 0 : MathF.Round(F(v[0])), 0, 255),
            "u8",
            "f32"
        ),
        Of("cvt.rmi.f32.f32 d, a", v => B(MathF.Floor(F(v[0]))), "f32", "f32"),
        Of("cvt.s64.s32 d, a", v => (ulong)S(v[0]), "s64", "s32"),
        Of("cvt.sat.u8.s32 d, a", v => (byte)Math.Clamp(S(v[0]), 0, 255), "u8", "s32"),
        Of("cvt.rn.f32.s64 d, a", v => B((long)v[0]), "f32", "s64"),
        Of("cvt.sat.f32.f32 d, a", v => B(F(v[0]) > 0 ? Math.Min(F(v[0]), 1) : 0), "f32", "f32"),
        Of("sin.approx.f32 d, a", v => B((float)Math.Sin(F(v[0]))), "f32", "f32"),
        Of("rsqrt.approx.f32 d, a", v => B((float)(1 / Math.Sqrt(F(v[0])))), "f32", "f32"),
    ];

    [Fact]
    public void Instructions_mean_what_they_mean_in_CSharp()
    {
        var wrong = new List<string>();
        foreach (var (form, expected) in Meanings)
        {
            var run = form.Case(1500, seed: 5, 0x7000_0000_0000, out var results, out _);
            var bytes = run.RunOnOracle()[results];
            var width = bytes.Length / form.Operands(1500, seed: 5).Count;
            var rows = form.Operands(1500, seed: 5);
            for (var i = 0; i < rows.Count; i++)
            {
                var eight = new byte[8];
                bytes.AsSpan(i * width, width).CopyTo(eight);
                var actual = BitConverter.ToUInt64(eight);
                if (actual != expected(rows[i]))
                {
                    wrong.Add(
                        $"{form} of {string.Join(' ', rows[i].Select(v => v.ToString("x")))}: {expected(rows[i]):x} expected, {actual:x} found"
                    );
                    break;
                }
            }
        }
        Assert.Empty(wrong);
    }

    [Fact]
    public void Every_form_is_known_and_runs()
    {
        foreach (var form in InstructionForms.All)
        {
            var run = form.Case(64, seed: 1, 0x7000_0000_0000, out _, out _);
            var failure = Record.Exception(() => run.RunOnOracle());
            Assert.True(failure is null, $"{form}: {failure}");
        }
    }

    private static ulong ReverseBits(uint value)
    {
        uint result = 0;
        for (var i = 0; i < 32; i++)
        {
            result = (result << 1) | ((value >> i) & 1);
        }
        return result;
    }

    private static ulong DotProduct(ulong[] v)
    {
        var sum = S(v[2]);
        for (var i = 0; i < 32; i += 8)
        {
            sum += (sbyte)(v[0] >> i) * (sbyte)(v[1] >> i);
        }
        return (uint)sum;
    }
}
