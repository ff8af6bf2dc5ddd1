using Weir.Kernels.Ir;

namespace Weir.Kernels.Lowering;

/// <summary>Floating-point arithmetic (PTX ISA, "Floating Point Instructions" and "Half Precision").</summary>
internal static class FloatForms
{
    private const string Rnd = "rnd=rn|rz|rm|rp";

    public static readonly InstructionForm[] All =
    [
        .. Binary("add", IrOp.Add),
        .. Binary("sub", IrOp.Sub),
        .. Binary("mul", IrOp.Mul),
        new($"fma.{Rnd}{{.ftz}}{{.sat}}.type=f32 d, a, b, c", IrOp.Fma),
        new($"fma.{Rnd}.type=f64 d, a, b, c", IrOp.Fma),
        new($"mad.{Rnd}{{.ftz}}{{.sat}}.type=f32 d, a, b, c", IrOp.Fma),
        new($"mad.{Rnd}.type=f64 d, a, b, c", IrOp.Fma),
        new("div.rnd=approx|full{.ftz}.type=f32 d, a, b", IrOp.Div),
        new($"div.{Rnd}{{.ftz}}.type=f32 d, a, b", IrOp.Div),
        new($"div.{Rnd}.type=f64 d, a, b", IrOp.Div),
        new("abs{.ftz}.type=f32 d, a", IrOp.Abs),
        new("abs.type=f64 d, a", IrOp.Abs),
        new("neg{.ftz}.type=f32 d, a", IrOp.Neg),
        new("neg.type=f64 d, a", IrOp.Neg),
        .. MinMax("min", IrOp.Min),
        .. MinMax("max", IrOp.Max),
        new("rcp.rnd=approx{.ftz}.type=f32 d, a", IrOp.Rcp),
        new($"rcp.{Rnd}{{.ftz}}.type=f32 d, a", IrOp.Rcp),
        new($"rcp.{Rnd}.type=f64 d, a", IrOp.Rcp),
        new("sqrt.rnd=approx{.ftz}.type=f32 d, a", IrOp.Sqrt),
        new($"sqrt.{Rnd}{{.ftz}}.type=f32 d, a", IrOp.Sqrt),
        new($"sqrt.{Rnd}.type=f64 d, a", IrOp.Sqrt),
        new("rsqrt.rnd=approx{.ftz}.type=f32 d, a", IrOp.Rsqrt),
        new("sin.rnd=approx{.ftz}.type=f32 d, a", IrOp.Sin),
        new("cos.rnd=approx{.ftz}.type=f32 d, a", IrOp.Cos),
        new("lg2.rnd=approx{.ftz}.type=f32 d, a", IrOp.Lg2),
        new("ex2.rnd=approx{.ftz}.type=f32 d, a", IrOp.Ex2),
        new("tanh.rnd=approx.type=f32 d, a", IrOp.Tanh),
        .. Halves("f16|f16x2", "{.ftz}", "{.sat}"),
        .. Halves("bf16|bf16x2", "", ""),
        new("ex2.rnd=approx.type=f16|f16x2 d, a", IrOp.Ex2),
        new("ex2.rnd=approx.ftz.type=bf16|bf16x2 d, a", IrOp.Ex2),
        new("tanh.rnd=approx.type=f16|f16x2|bf16|bf16x2 d, a", IrOp.Tanh),
        new("copysign.type=f32|f64 d, a, b", IrOp.CopySign),
        new("testp.testp=finite|infinite|number|notanumber|normal|subnormal.type=f32|f64 p:pred, a", IrOp.TestP),
    ];

    // Without a rounding modifier the result is rounded to nearest even, and may be contracted, which we do not do.
    private static IrInstruction Nearest(IrInstruction instruction) =>
        instruction.Rounding == IrRounding.None ? instruction with { Rounding = IrRounding.Rn } : instruction;

    private static InstructionForm[] Binary(string opcode, IrOp op) =>
        [
            new($"{opcode}{{.{Rnd}}}{{.ftz}}{{.sat}}.type=f32 d, a, b", op, Nearest),
            new($"{opcode}{{.{Rnd}}}.type=f64 d, a, b", op, Nearest),
        ];

    // PTX ISA, "Half Precision Floating Point Instructions"; packed ones do the same to both values.
    private static InstructionForm[] Halves(string types, string ftz, string sat) =>
        [
            new($"add{{.rnd=rn}}{ftz}{sat}.type={types} d, a, b", IrOp.Add, Nearest),
            new($"sub{{.rnd=rn}}{ftz}{sat}.type={types} d, a, b", IrOp.Sub, Nearest),
            new($"mul{{.rnd=rn}}{ftz}{sat}.type={types} d, a, b", IrOp.Mul, Nearest),
            new($"fma.rnd=rn{ftz}{sat}.type={types} d, a, b, c", IrOp.Fma),
            new($"fma.rnd=rn{ftz}.relu.type={types} d, a, b, c", IrOp.Fma),
            new($"abs{ftz}.type={types} d, a", IrOp.Abs),
            new($"neg{ftz}.type={types} d, a", IrOp.Neg),
            new($"min{ftz}{{.nan=NaN}}.type={types} d, a, b", IrOp.Min),
            new($"max{ftz}{{.nan=NaN}}.type={types} d, a, b", IrOp.Max),
        ];

    private static InstructionForm[] MinMax(string opcode, IrOp op) =>
        [new($"{opcode}{{.ftz}}{{.nan=NaN}}.type=f32 d, a, b", op), new($"{opcode}.type=f64 d, a, b", op)];
}
