using System.Collections.Frozen;
using System.Globalization;
using Weir.Kernels.Ir;
using Weir.Kernels.Ptx;

namespace Weir.Kernels.Lowering;

/// <summary>What the names of modifier slots mean. A modifier is either understood here or its form does not exist.</summary>
internal static class ModifierSlots
{
    // Modifiers that say nothing this device does not do anyway: caching and prefetch hints, scopes (all memory is
    // coherent), .weak, alignment of barriers (a promise of the program), .noftz (subnormals are kept unless .ftz).
    private static readonly FrozenSet<string> Silent =
    [
        "cop",
        "scope",
        "weak",
        "nc",
        "l1",
        "l2",
        "aligned",
        "cta",
        "sync",
        "unified",
        "noftz",
        "vec",
        "level",
        "clamp",
        "l",
        "r",
        "idx",
        "arrive",
        "red",
        "popc",
        "and",
        "or",
        "warp",
        "async",
        "global",
        "commit_group",
        "wait_group",
        "wait_all",
        "m8n8",
        "num",
        "row",
        "col",
        "tf32",
        "ctype",
    ];

    private static readonly FrozenSet<string> Meaningful =
    [
        "to",
        "type",
        "dtype",
        "rnd",
        "ftz",
        "sat",
        "relu",
        "cc",
        "part",
        "cmp",
        "bool",
        "space",
        "order",
        "volatile",
        "cv",
        "nan",
        "wrap",
        "shiftamt",
        "uni",
        "atomic",
        "shuffle",
        "vote",
        "prmt",
        "geom",
        "testp",
        "wide",
        "trans",
        "shape",
        "btype",
    ];

    /// <summary>Fails for a name that means nothing: a mistake in the table.</summary>
    public static void Require(string name, string syntax)
    {
        if (!Meaningful.Contains(name) && !Silent.Contains(name))
        {
            throw new InvalidOperationException($"the form '{syntax}' has a slot '{name}' without a meaning");
        }
    }

    /// <summary>Puts the value of a slot into the instruction.</summary>
    public static IrInstruction Apply(IrInstruction instruction, string slot, string value) =>
        slot switch
        {
            "type" => instruction with { Type = Type(value) },
            "dtype" => instruction with { DestType = Type(value) },
            "rnd" => instruction with { Rounding = Enum.Parse<IrRounding>(value, ignoreCase: true) },
            "ftz" => instruction with { Ftz = true },
            "relu" => instruction with { Relu = true },
            "sat" => instruction with { Saturate = true },
            "cc" => instruction with { CarryOut = true },
            "part" or "wide" => instruction with { Part = Enum.Parse<IrPart>(value, ignoreCase: true) },
            "cmp" => instruction with { Compare = Enum.Parse<IrCompare>(value, ignoreCase: true) },
            "bool" => instruction with { Combine = Enum.Parse<IrCombine>(value, ignoreCase: true) },
            "space" => instruction with { Space = Space(value) },
            "order" => instruction with
            {
                Order = Order(value),
                Flag = instruction.Flag || instruction.Op is IrOp.Ld or IrOp.St,
            },
            "btype" => instruction with { OtherType = Type(value) },
            "shape" => instruction with
            {
                Depth = int.Parse(value[(value.IndexOf('k') + 1)..], CultureInfo.InvariantCulture),
            },
            "to" or "trans" or "volatile" or "cv" or "nan" or "wrap" or "shiftamt" => instruction with { Flag = true },
            "uni" => instruction with { Uniform = true },
            "atomic" => instruction with { Atomic = Enum.Parse<IrAtomic>(value, ignoreCase: true) },
            "shuffle" => instruction with { Shuffle = Enum.Parse<IrShuffle>(value, ignoreCase: true) },
            "vote" => instruction with { VoteMode = Enum.Parse<IrVote>(value, ignoreCase: true) },
            "prmt" => instruction with { PrmtMode = Enum.Parse<IrPrmt>(value, ignoreCase: true) },
            "geom" => instruction with { Geometry = Geometry(value) },
            "testp" => instruction with { TestP = Enum.Parse<IrTestP>(value, ignoreCase: true) },
            _ => instruction,
        };

    private static IrType Type(string value) =>
        PtxTypes.TryParse(value, out var type)
            ? type
            : throw new InvalidOperationException($"'{value}' in a type slot");

    private static IrSpace Space(string value) =>
        value switch
        {
            "global" => IrSpace.Global,
            "shared" or "shared::cta" => IrSpace.Shared,
            "local" => IrSpace.Local,
            "const" => IrSpace.Const,
            "param" or "param::entry" or "param::func" => IrSpace.Param,
            _ => throw new InvalidOperationException($"'{value}' in a space slot"),
        };

    private static IrOrder Order(string value) =>
        value switch
        {
            "relaxed" => IrOrder.Relaxed,
            "acquire" => IrOrder.Acquire,
            "release" => IrOrder.Release,
            "acq_rel" => IrOrder.AcqRel,
            _ => IrOrder.Sc,
        };

    private static IrGeometry Geometry(string value) =>
        value switch
        {
            "1d" => IrGeometry.D1,
            "2d" => IrGeometry.D2,
            "3d" => IrGeometry.D3,
            "a1d" => IrGeometry.A1,
            "a2d" => IrGeometry.A2,
            _ => IrGeometry.Cube,
        };
}
