using Weir.Kernels.Ir;

namespace Weir.Kernels.Lowering;

/// <summary>Floating-point arithmetic (PTX ISA, "Floating Point Instructions" and "Half Precision").</summary>
internal static class FloatForms
{
    // The directed roundings (rz, rm, rp) of arithmetic and the arithmetic of .f16 are not run yet.
    private const string Rnd = "rnd=rn";

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

    private static InstructionForm[] MinMax(string opcode, IrOp op) =>
        [new($"{opcode}{{.ftz}}{{.nan=NaN}}.type=f32 d, a, b", op), new($"{opcode}.type=f64 d, a, b", op)];
}
