using Weir.Kernels.Ir;

namespace Weir.Kernels.Codegen;

/// <summary>Comparison and selection (PTX ISA, "Comparison and Selection Instructions").</summary>
internal sealed class CompareEmitter(KernelContext context, FloatEmitter floats, HalfEmitter halves)
{
    private LaneBuilder B => context.B;

    private IrInstruction I => context.Instruction;

    /// <summary>setp and set.</summary>
    public void Set()
    {
        Value? joined = I.Combine == IrCombine.None ? null : context.Source(2, "i1");
        if (IrTypes.IsPacked(I.Type))
        {
            SetPacked(joined);
            return;
        }
        Value result = Compared();
        if (I.Op == IrOp.SetP)
        {
            context.Write(Join(result, joined));
            if (I.Dests.Count > 1)
            {
                context.Write(Join(B.Not(result), joined), dest: 1);
            }
            return;
        }
        Value truth = Join(result, joined);
        context.Write(
            I.DestType == IrType.F32 ? B.Select(truth, LaneBuilder.Float("float", 1), LaneBuilder.Float("float", 0))
            : IrTypes.IsFloat(I.DestType) ? One(truth)
            : B.Cast("sext", truth, "i" + IrTypes.Bits(I.DestType))
        );
    }

    /// <summary>setp and set of two values in one register: two predicates, or a result in each half.</summary>
    private void SetPacked(Value? joined)
    {
        Value[] results = halves.Compared(FloatPredicate(I.Compare));
        Value low = Join(results[0], joined);
        Value high = Join(results[1], joined);
        if (I.Op == IrOp.SetP)
        {
            context.Write(low);
            context.Write(high, dest: 1);
            return;
        }
        context.Write(halves.Join(One(low), One(high)));
    }

    /// <summary>1.0 or 0 of the 16-bit format that is compared.</summary>
    private Value One(Value truth) =>
        B.Select(
            truth,
            LaneBuilder.Int("i16", I.Type is IrType.BF16 or IrType.BF16x2 ? 0x3f80 : 0x3c00),
            LaneBuilder.Int("i16", 0)
        );

    /// <summary>selp: a where the predicate holds.</summary>
    public void SelectByPredicate()
    {
        string type = MemoryEmitter.ElementType(I.Type);
        context.Write(B.Select(context.Source(2, "i1"), context.Source(0, type), context.Source(1, type)));
    }

    /// <summary>slct: a where c is not negative; -0 and, unlike NaN, +0 count as not negative.</summary>
    public void SelectBySign()
    {
        string type = MemoryEmitter.ElementType(I.DestType);
        Value condition;
        if (I.Type == IrType.F32)
        {
            Value c = context.Source(2, "float");
            condition = B.CompareFloat("oge", I.Ftz ? floats.Flush(c) : c, LaneBuilder.Float("float", 0));
        }
        else
        {
            condition = B.Compare("sge", context.Source(2, "i32"), 0);
        }
        context.Write(B.Select(condition, context.Source(0, type), context.Source(1, type)));
    }

    private Value Compared()
    {
        if (IrTypes.IsFloat(I.Type))
        {
            if (IrTypes.IsHalf(I.Type))
            {
                return halves.Compared(FloatPredicate(I.Compare))[0];
            }
            return B.CompareFloat(FloatPredicate(I.Compare), floats.Source(0), floats.Source(1));
        }
        string type = "i" + IrTypes.Bits(I.Type);
        return B.Compare(
            IntegerPredicate(I.Compare, IrTypes.IsSigned(I.Type)),
            context.Source(0, type),
            context.Source(1, type)
        );
    }

    private Value Join(Value value, Value? with) =>
        with is not { } other
            ? value
            : B.Binary(
                I.Combine switch
                {
                    IrCombine.And => "and",
                    IrCombine.Or => "or",
                    _ => "xor",
                },
                value,
                other
            );

    private string IntegerPredicate(IrCompare compare, bool signed) =>
        compare switch
        {
            IrCompare.Eq => "eq",
            IrCompare.Ne => "ne",
            IrCompare.Lt => signed ? "slt" : "ult",
            IrCompare.Le => signed ? "sle" : "ule",
            IrCompare.Gt => signed ? "sgt" : "ugt",
            IrCompare.Ge => signed ? "sge" : "uge",
            IrCompare.Lo => "ult",
            IrCompare.Ls => "ule",
            IrCompare.Hi => "ugt",
            IrCompare.Hs => "uge",
            _ => throw context.Unsupported($"comparison .{compare.ToString().ToLowerInvariant()} of integers"),
        };

    private string FloatPredicate(IrCompare compare) =>
        compare switch
        {
            IrCompare.Eq => "oeq",
            IrCompare.Ne => "one",
            IrCompare.Lt => "olt",
            IrCompare.Le => "ole",
            IrCompare.Gt => "ogt",
            IrCompare.Ge => "oge",
            IrCompare.Equ => "ueq",
            IrCompare.Neu => "une",
            IrCompare.Ltu => "ult",
            IrCompare.Leu => "ule",
            IrCompare.Gtu => "ugt",
            IrCompare.Geu => "uge",
            IrCompare.Num => "ord",
            IrCompare.Nan => "uno",
            _ => throw context.Unsupported($"comparison .{compare.ToString().ToLowerInvariant()} of floats"),
        };
}
