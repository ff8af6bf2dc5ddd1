using System.Text.RegularExpressions;

namespace Weir.Conformance.Tests;

/// <summary>Every form of every instruction that works on one thread's registers.</summary>
internal static class InstructionForms
{
    private static readonly string[] Integers = ["u16", "s16", "u32", "s32", "u64", "s64"];
    private static readonly string[] WideIntegers = ["u32", "s32", "u64", "s64"];
    private static readonly string[] Bits = ["b16", "b32", "b64"];
    private static readonly string[] Roundings = [".rn", ".rz", ".rm", ".rp"];
    private static readonly string[] IntegerCompares = ["eq", "ne", "lt", "le", "gt", "ge"];
    private static readonly string[] FloatCompares =
    [
        "eq",
        "ne",
        "lt",
        "le",
        "gt",
        "ge",
        "equ",
        "neu",
        "ltu",
        "leu",
        "gtu",
        "geu",
        "num",
        "nan",
    ];

    public static IReadOnlyList<InstructionForm> All { get; } =
    [.. Arithmetic(), .. Floats(), .. Halves(), .. BitWork(), .. Choices(), .. Conversions()];

    /// <summary>Valid PTX that the compiler does not run yet and has to refuse.</summary>
    public static bool IsRefused(InstructionForm form) => Refused.IsMatch(form.Template);

    // Nothing at present; a form that is added before it is run is named here.
    private static readonly Regex Refused = new(@"^$");

    private static InstructionForm Of(string template, string result, params ReadOnlySpan<string> sources) =>
        InstructionForm.Of(template, result, sources);

    private static IEnumerable<InstructionForm> Arithmetic()
    {
        foreach (var t in Integers)
        {
            foreach (var name in (string[])["add", "sub", "mul.lo", "mul.hi", "min", "max"])
            {
                yield return Of($"{name}.{t} d, a, b", t, t, t);
            }
            foreach (var name in (string[])["div", "rem"])
            {
                yield return Of($"{name}.{t} d, a, b", t, t, t);
            }
            yield return Of($"mad.lo.{t} d, a, b, c", t, t, t, t);
            yield return Of($"mad.hi.{t} d, a, b, c", t, t, t, t);
            yield return Of($"sad.{t} d, a, b, c", t, t, t, t);
            if (t[0] == 's')
            {
                yield return Of($"abs.{t} d, a", t, t);
                yield return Of($"neg.{t} d, a", t, t);
            }
            if (!t.EndsWith("64", StringComparison.Ordinal))
            {
                var wide = t[0] + (2 * int.Parse(t[1..])).ToString();
                yield return Of($"mul.wide.{t} d, a, b", wide, t, t);
                yield return Of($"mad.wide.{t} d, a, b, c", wide, t, t, wide);
            }
        }
        yield return Of("add.sat.s32 d, a, b", "s32", "s32", "s32");
        yield return Of("sub.sat.s32 d, a, b", "s32", "s32", "s32");
        yield return Of("mad.hi.sat.s32 d, a, b, c", "s32", "s32", "s32", "s32");
        foreach (var t in (string[])["u32", "s32"])
        {
            yield return Of($"mul24.lo.{t} d, a, b", t, t, t);
            yield return Of($"mul24.hi.{t} d, a, b", t, t, t);
            yield return Of($"mad24.lo.{t} d, a, b, c", t, t, t, t);
            yield return Of($"mad24.hi.{t} d, a, b, c", t, t, t, t);
            foreach (var u in (string[])["u32", "s32"])
            {
                var r = t == "s32" || u == "s32" ? "s32" : "u32";
                yield return Of($"dp4a.{t}.{u} d, a, b, c", r, t, u, r);
                yield return Of($"dp2a.lo.{t}.{u} d, a, b, c", r, t, u, r);
                yield return Of($"dp2a.hi.{t}.{u} d, a, b, c", r, t, u, r);
            }
        }
        yield return Of("add.s32 d, a, -7", "s32", "s32");
        yield return Of("mul.lo.s32 d, a, 0x10001", "s32", "s32");
        yield return Of("add.s64 d, a, -8589934593", "s64", "s64");
        yield return Of("div.s32 d, a, 7", "s32", "s32");
        yield return Of("rem.u32 d, a, 10", "u32", "u32");
    }

    private static IEnumerable<InstructionForm> Floats()
    {
        foreach (var ftz in (string[])["", ".ftz"])
        {
            foreach (var sat in (string[])["", ".sat"])
            {
                foreach (var r in Roundings.Append(""))
                {
                    foreach (var name in (string[])["add", "sub", "mul"])
                    {
                        yield return Of($"{name}{r}{ftz}{sat}.f32 d, a, b", "f32", "f32", "f32");
                    }
                    if (r.Length > 0)
                    {
                        yield return Of($"fma{r}{ftz}{sat}.f32 d, a, b, c", "f32", "f32", "f32", "f32");
                    }
                }
            }
            foreach (var r in Roundings)
            {
                yield return Of($"div{r}{ftz}.f32 d, a, b", "f32", "f32", "f32");
                yield return Of($"rcp{r}{ftz}.f32 d, a", "f32", "f32");
                yield return Of($"sqrt{r}{ftz}.f32 d, a", "f32", "f32");
            }
            yield return Of($"mad.rn{ftz}.f32 d, a, b, c", "f32", "f32", "f32", "f32");
            yield return Of($"div.full{ftz}.f32 d, a, b", "f32", "f32", "f32");
            yield return Of($"div.approx{ftz}.f32 d, a, b", "f32", "f32", "f32");
            foreach (var name in (string[])["rcp", "sqrt", "rsqrt", "sin", "cos", "lg2", "ex2"])
            {
                yield return Of($"{name}.approx{ftz}.f32 d, a", "f32", "f32");
            }
            foreach (var name in (string[])["abs", "neg"])
            {
                yield return Of($"{name}{ftz}.f32 d, a", "f32", "f32");
            }
            foreach (var name in (string[])["min", "max"])
            {
                yield return Of($"{name}{ftz}.f32 d, a, b", "f32", "f32", "f32");
                yield return Of($"{name}{ftz}.NaN.f32 d, a, b", "f32", "f32", "f32");
            }
        }
        yield return Of("tanh.approx.f32 d, a", "f32", "f32");
        foreach (var r in Roundings)
        {
            foreach (var name in (string[])["add", "sub", "mul", "div"])
            {
                yield return Of($"{name}{r}.f64 d, a, b", "f64", "f64", "f64");
            }
            yield return Of($"fma{r}.f64 d, a, b, c", "f64", "f64", "f64", "f64");
            yield return Of($"rcp{r}.f64 d, a", "f64", "f64");
            yield return Of($"sqrt{r}.f64 d, a", "f64", "f64");
        }
        foreach (var name in (string[])["add", "sub", "mul", "min", "max"])
        {
            yield return Of($"{name}.f64 d, a, b", "f64", "f64", "f64");
        }
        yield return Of("abs.f64 d, a", "f64", "f64");
        yield return Of("neg.f64 d, a", "f64", "f64");
        foreach (var t in (string[])["f32", "f64"])
        {
            yield return Of($"copysign.{t} d, a, b", t, t, t);
            foreach (var test in (string[])["finite", "infinite", "number", "notanumber", "normal", "subnormal"])
            {
                yield return Of($"testp.{test}.{t} d, a", "pred", t);
            }
        }
        yield return Of("add.f32 d, a, 0f3FC00000", "f32", "f32");
        yield return Of("fma.rn.f64 d, a, 0d4008000000000000, b", "f64", "f64", "f64");
    }

    private static IEnumerable<InstructionForm> Halves()
    {
        foreach (var t in (string[])["f16", "f16x2", "bf16", "bf16x2"])
        {
            string[] flushes = t[0] == 'f' ? ["", ".ftz"] : [""];
            string[] clamps = t[0] == 'f' ? ["", ".sat"] : [""];
            foreach (var ftz in flushes)
            {
                foreach (var sat in clamps)
                {
                    foreach (var name in (string[])["add", "sub", "mul"])
                    {
                        yield return Of($"{name}{ftz}{sat}.{t} d, a, b", t, t, t);
                        yield return Of($"{name}.rn{ftz}{sat}.{t} d, a, b", t, t, t);
                    }
                    yield return Of($"fma.rn{ftz}{sat}.{t} d, a, b, c", t, t, t, t);
                }
                yield return Of($"fma.rn{ftz}.relu.{t} d, a, b, c", t, t, t, t);
                foreach (var name in (string[])["abs", "neg"])
                {
                    yield return Of($"{name}{ftz}.{t} d, a", t, t);
                }
                foreach (var name in (string[])["min", "max"])
                {
                    yield return Of($"{name}{ftz}.{t} d, a, b", t, t, t);
                    yield return Of($"{name}{ftz}.NaN.{t} d, a, b", t, t, t);
                }
            }
            yield return Of($"ex2.approx{(t[0] == 'f' ? "" : ".ftz")}.{t} d, a", t, t);
            yield return Of($"tanh.approx.{t} d, a", t, t);
            var packed = t.EndsWith("x2", StringComparison.Ordinal);
            foreach (var compare in FloatCompares)
            {
                if (packed)
                {
                    yield return Of($"setp.{compare}.{t} d|q, a, b", "pred", t, t) with
                    {
                        HasSecondResult = true,
                    };
                    yield return Of($"set.{compare}.{t}.{t} d, a, b", t, t, t);
                }
                else
                {
                    yield return Of($"setp.{compare}.{t} d, a, b", "pred", t, t);
                    yield return Of($"set.{compare}.{t}.{t} d, a, b", t, t, t);
                    yield return Of($"set.{compare}.u32.{t} d, a, b", "u32", t, t);
                }
            }
            if (packed)
            {
                yield return Of($"setp.lt.and.{t} d|q, a, b, c", "pred", t, t, "pred") with
                {
                    HasSecondResult = true,
                };
                yield return Of($"cvt.rn.{t}.f32 d, a, b", t, "f32", "f32");
                yield return Of($"cvt.rz.{t}.f32 d, a, b", t, "f32", "f32");
                yield return Of($"cvt.rn.relu.{t}.f32 d, a, b", t, "f32", "f32");
            }
        }
        foreach (var r in Roundings)
        {
            yield return Of($"cvt{r}.f16.f32 d, a", "f16", "f32");
            yield return Of($"cvt{r}.f16.f64 d, a", "f16", "f64");
            foreach (var t in Integers)
            {
                yield return Of($"cvt{r}.f16.{t} d, a", "f16", t);
            }
        }
        foreach (var r in (string[])["rni", "rzi", "rmi", "rpi"])
        {
            yield return Of($"cvt.{r}.f16.f16 d, a", "f16", "f16");
            yield return Of($"cvt.{r}.s32.f16 d, a", "s32", "f16");
            yield return Of($"cvt.{r}.u16.f16 d, a", "u16", "f16");
            yield return Of($"cvt.{r}.s64.f16 d, a", "s64", "f16");
        }
        yield return Of("cvt.rn.bf16.f32 d, a", "bf16", "f32");
        yield return Of("cvt.rz.bf16.f32 d, a", "bf16", "f32");
        yield return Of("cvt.rn.relu.bf16.f32 d, a", "bf16", "f32");
        yield return Of("cvt.rn.relu.f16.f32 d, a", "f16", "f32");
        yield return Of("cvt.f32.bf16 d, a", "f32", "bf16");
        yield return Of("cvt.f64.f16 d, a", "f64", "f16");
        yield return Of("cvt.rn.sat.f16.f32 d, a", "f16", "f32");
    }

    private static IEnumerable<InstructionForm> BitWork()
    {
        foreach (var t in Bits)
        {
            foreach (var name in (string[])["and", "or", "xor"])
            {
                yield return Of($"{name}.{t} d, a, b", t, t, t);
            }
            yield return Of($"not.{t} d, a", t, t);
            yield return Of($"cnot.{t} d, a", t, t);
            yield return Of($"shl.{t} d, a, b", t, t, "u32");
            yield return Of($"shr.{t} d, a, b", t, t, "u32");
            yield return Of($"shl.{t} d, a, 5", t, t);
        }
        foreach (var name in (string[])["and", "or", "xor"])
        {
            yield return Of($"{name}.pred d, a, b", "pred", "pred", "pred");
        }
        yield return Of("not.pred d, a", "pred", "pred");
        foreach (var t in Integers)
        {
            yield return Of($"shr.{t} d, a, b", t, t, "u32");
        }
        foreach (var t in (string[])["b32", "b64"])
        {
            yield return Of($"popc.{t} d, a", "u32", t);
            yield return Of($"clz.{t} d, a", "u32", t);
            yield return Of($"brev.{t} d, a", t, t);
            yield return Of($"bfi.{t} d, a, b, c, e", t, t, t, "u32", "u32");
            yield return Of($"bfi.{t} d, a, b, 4, 9", t, t, t);
        }
        foreach (var t in WideIntegers)
        {
            yield return Of($"bfind.{t} d, a", "u32", t);
            yield return Of($"bfind.shiftamt.{t} d, a", "u32", t);
            yield return Of($"bfe.{t} d, a, b, c", t, t, "u32", "u32");
            yield return Of($"bfe.{t} d, a, 8, 8", t, t);
        }
        foreach (var direction in (string[])["l", "r"])
        {
            yield return Of($"shf.{direction}.wrap.b32 d, a, b, c", "b32", "b32", "b32", "u32");
            yield return Of($"shf.{direction}.clamp.b32 d, a, b, c", "b32", "b32", "b32", "u32");
        }
        foreach (var table in (int[])[0, 1, 0x0f, 0x3c, 0x55, 0x80, 0x96, 0xca, 0xe8, 0xfe, 0xff])
        {
            yield return Of($"lop3.b32 d, a, b, c, {table}", "b32", "b32", "b32", "b32");
        }
        foreach (var mode in (string[])["clamp", "wrap"])
        {
            yield return Of($"bmsk.{mode}.b32 d, a, b", "b32", "b32", "b32");
            yield return Of($"szext.{mode}.u32 d, a, b", "u32", "u32", "u32");
            yield return Of($"szext.{mode}.s32 d, a, b", "s32", "s32", "u32");
        }
        yield return Of("prmt.b32 d, a, b, c", "b32", "b32", "b32", "b32");
        yield return Of("prmt.b32 d, a, b, 0x5410", "b32", "b32", "b32");
        yield return Of("prmt.b32 d, a, b, 0xba98", "b32", "b32", "b32");
        foreach (var mode in (string[])["f4e", "b4e", "rc8", "ecl", "ecr", "rc16"])
        {
            yield return Of($"prmt.b32.{mode} d, a, b, c", "b32", "b32", "b32", "b32");
        }
    }

    private static IEnumerable<InstructionForm> Choices()
    {
        foreach (var t in Integers)
        {
            foreach (var compare in IntegerCompares.Concat(t[0] == 'u' ? ["lo", "ls", "hi", "hs"] : []))
            {
                yield return Of($"setp.{compare}.{t} d, a, b", "pred", t, t);
            }
            yield return Of($"selp.{t} d, a, b, c", t, t, t, "pred");
            yield return Of($"slct.{t}.s32 d, a, b, c", t, t, t, "s32");
            yield return Of($"set.lt.u32.{t} d, a, b", "u32", t, t);
            yield return Of($"set.ge.f32.{t} d, a, b", "f32", t, t);
        }
        foreach (var t in Bits)
        {
            yield return Of($"setp.eq.{t} d, a, b", "pred", t, t);
            yield return Of($"setp.ne.{t} d, a, b", "pred", t, t);
            yield return Of($"selp.{t} d, a, b, c", t, t, t, "pred");
        }
        foreach (var compare in FloatCompares)
        {
            yield return Of($"setp.{compare}.f32 d, a, b", "pred", "f32", "f32");
            yield return Of($"setp.{compare}.ftz.f32 d, a, b", "pred", "f32", "f32");
            yield return Of($"setp.{compare}.f64 d, a, b", "pred", "f64", "f64");
        }
        foreach (var t in (string[])["f32", "f64"])
        {
            yield return Of($"selp.{t} d, a, b, c", t, t, t, "pred") with
            {
                AnyNaN = false,
            };
            yield return Of($"set.gt.u32.{t} d, a, b", "u32", t, t);
            yield return Of($"set.leu.f32.{t} d, a, b", "f32", t, t);
        }
        yield return Of("slct.f32.f32 d, a, b, c", "f32", "f32", "f32", "f32");
        yield return Of("slct.ftz.u64.f32 d, a, b, c", "u64", "u64", "u64", "f32");
        foreach (var combine in (string[])["and", "or", "xor"])
        {
            yield return Of($"setp.lt.{combine}.s32 d, a, b, c", "pred", "s32", "s32", "pred");
            yield return Of($"setp.gt.{combine}.f32 d, a, b, !c", "pred", "f32", "f32", "pred");
            yield return Of($"setp.ne.{combine}.u64 d|q, a, b, c", "pred", "u64", "u64", "pred") with
            {
                HasSecondResult = true,
            };
            yield return Of($"set.eq.{combine}.u32.f32 d, a, b, c", "u32", "f32", "f32", "pred");
        }
        yield return Of("setp.le.f32 d|q, a, b", "pred", "f32", "f32") with
        {
            HasSecondResult = true,
        };
    }

    private static IEnumerable<InstructionForm> Conversions()
    {
        string[] integers = ["u8", "s8", .. Integers];
        foreach (var to in integers)
        {
            foreach (var from in integers)
            {
                if (to == from)
                {
                    continue;
                }
                yield return Of($"cvt.{to}.{from} d, a", to, from);
                yield return Of($"cvt.sat.{to}.{from} d, a", to, from);
            }
            foreach (var from in (string[])["f32", "f64"])
            {
                foreach (var r in (string[])["rni", "rzi", "rmi", "rpi"])
                {
                    yield return Of($"cvt.{r}.{to}.{from} d, a", to, from);
                }
            }
            yield return Of($"cvt.rzi.ftz.{to}.f32 d, a", to, "f32");
            yield return Of($"cvt.rni.sat.{to}.f32 d, a", to, "f32");
            foreach (var r in Roundings)
            {
                yield return Of($"cvt{r}.f32.{to} d, a", "f32", to);
                yield return Of($"cvt{r}.f64.{to} d, a", "f64", to);
            }
            yield return Of($"cvt.rn.sat.f32.{to} d, a", "f32", to);
        }
        foreach (var r in (string[])["rni", "rzi", "rmi", "rpi"])
        {
            yield return Of($"cvt.{r}.f32.f32 d, a", "f32", "f32");
            yield return Of($"cvt.{r}.ftz.f32.f32 d, a", "f32", "f32");
            yield return Of($"cvt.{r}.f64.f64 d, a", "f64", "f64");
        }
        foreach (var r in Roundings)
        {
            yield return Of($"cvt{r}.f32.f64 d, a", "f32", "f64");
            yield return Of($"cvt{r}.ftz.f32.f64 d, a", "f32", "f64");
        }
        yield return Of("cvt.f64.f32 d, a", "f64", "f32");
        yield return Of("cvt.ftz.f64.f32 d, a", "f64", "f32");
        yield return Of("cvt.sat.f32.f32 d, a", "f32", "f32");
        yield return Of("cvt.ftz.sat.f32.f32 d, a", "f32", "f32");
        yield return Of("cvt.f32.f16 d, a", "f32", "f16");
        yield return Of("cvt.rn.f16.f32 d, a", "f16", "f32");
        yield return Of("cvt.rz.f16.f32 d, a", "f16", "f32");
    }
}
