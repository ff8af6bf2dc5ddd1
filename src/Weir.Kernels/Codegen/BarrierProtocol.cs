using Weir.Kernels.Ir;

namespace Weir.Kernels.Codegen;

/// <summary>
/// Barriers of a block, kept at the start of its scratch: sixteen records of 32 bytes (generation, arrived lanes,
/// true predicates and total lanes of the even and the odd generation, expected lanes or 0 for all), then the number
/// of threads that have not exited. A lane waits for the generation to move on from what it saw when it arrived.
/// </summary>
internal sealed class BarrierProtocol(KernelContext context)
{
    /// <summary>Bytes of the records; a multiple of 64.</summary>
    public const int FixedBytes = 576;

    /// <summary>Offset of the number of living threads.</summary>
    public const int AliveOffset = 512;

    private LaneBuilder B => context.B;

    /// <summary>The functions that keep the records.</summary>
    public const string Functions = """
        define internal i32 @bar_arrive(ptr %fixed, i32 %id, i32 %lanes, i32 %expected, i32 %true) {
          %o = mul i32 %id, 32
          %r = getelementptr i8, ptr %fixed, i32 %o
          %g = load i32, ptr %r
          %ap = getelementptr i8, ptr %r, i64 4
          %a0 = load i32, ptr %ap
          %a = add i32 %a0, %lanes
          store i32 %a, ptr %ap
          %odd = and i32 %g, 1
          %po = shl i32 %odd, 2
          %pb = getelementptr i8, ptr %r, i64 8
          %pp = getelementptr i8, ptr %pb, i32 %po
          %p0 = load i32, ptr %pp
          %p = add i32 %p0, %true
          store i32 %p, ptr %pp
          %tp = getelementptr i8, ptr %pp, i64 8
          %t0 = load i32, ptr %tp
          %t = add i32 %t0, %lanes
          store i32 %t, ptr %tp
          %ep = getelementptr i8, ptr %r, i64 24
          store i32 %expected, ptr %ep
          %counted = icmp ne i32 %expected, 0
          %enough = icmp uge i32 %a, %expected
          %full = and i1 %counted, %enough
          br i1 %full, label %complete, label %out
        complete:
          call void @bar_complete(ptr %r)
          br label %out
        out:
          ret i32 %g
        }
        define internal void @bar_complete(ptr %r) {
          %g0 = load i32, ptr %r
          %g = add i32 %g0, 1
          store i32 %g, ptr %r
          %ap = getelementptr i8, ptr %r, i64 4
          store i32 0, ptr %ap
          %odd = and i32 %g, 1
          %po = shl i32 %odd, 2
          %pb = getelementptr i8, ptr %r, i64 8
          %pp = getelementptr i8, ptr %pb, i32 %po
          store i32 0, ptr %pp
          %tp = getelementptr i8, ptr %pp, i64 8
          store i32 0, ptr %tp
          ret void
        }
        define internal i1 @bar_finish(ptr %fixed, i32 %id) {
          %o = mul i32 %id, 32
          %r = getelementptr i8, ptr %fixed, i32 %o
          %ap = getelementptr i8, ptr %r, i64 4
          %a = load i32, ptr %ap
          %some = icmp ne i32 %a, 0
          %ep = getelementptr i8, ptr %r, i64 24
          %e = load i32, ptr %ep
          %all = icmp eq i32 %e, 0
          %lp = getelementptr i8, ptr %fixed, i64 512
          %alive = load i32, ptr %lp
          %enough = icmp uge i32 %a, %alive
          %c0 = and i1 %some, %all
          %c = and i1 %c0, %enough
          br i1 %c, label %complete, label %out
        complete:
          call void @bar_complete(ptr %r)
          br label %out
        out:
          ret i1 %c
        }

        """;

    /// <summary>bar.arrive: counts the lanes and goes on.</summary>
    public void Arrive() => Count(context.ActiveBits);

    /// <summary>Counts lanes that arrive; gives the generation they wait to pass, and the barrier's number.</summary>
    public (Value Generation, Value Id) Count(Value arriving)
    {
        IrInstruction i = context.Instruction;
        Value id = Scalar(i.Sources[0], "a barrier number that differs within a warp");
        id = B.Binary("and", id, 15);
        bool reduces = i.Barrier is IrBarrier.RedPopc or IrBarrier.RedAnd or IrBarrier.RedOr;
        bool counted = i.Sources.Count > (reduces ? 2 : 1);
        Value expected = counted
            ? Scalar(i.Sources[1], "a thread count that differs within a warp")
            : LaneBuilder.Int("i32", 0);
        Value lanes = PopCount(arriving);
        Value hold = LaneBuilder.Int("i32", 0);
        if (reduces)
        {
            Value predicate = B.Splat(context.Read(i.Sources[^1], "i1"));
            hold = PopCount(B.Binary("and", B.Bits(predicate), arriving));
        }
        Value generation = B.Assign(
            $"call i32 @bar_arrive(ptr %fixed, {B.Arg(id)}, {B.Arg(lanes)}, {B.Arg(expected)}, {B.Arg(hold)})",
            "i32",
            false
        );
        return (generation, id);
    }

    /// <summary>True when the barrier has moved on from the generation.</summary>
    public Value Released(Value id, Value generation)
    {
        string record = Record(id);
        return B.Compare("ne", B.Load("i32", false, record), generation);
    }

    /// <summary>What bar.red answers to the lanes that waited in a generation.</summary>
    public Value Result(IrBarrier kind, Value id, Value generation)
    {
        Value place = B.Binary("shl", B.Binary("and", generation, 1), 2);
        string even = B.Offset(Record(id), 8);
        string slot = B.Offset(even, place);
        Value hold = B.Load("i32", false, slot);
        return kind switch
        {
            IrBarrier.RedPopc => hold,
            IrBarrier.RedOr => B.Compare("ne", hold, 0),
            _ => B.Compare("eq", hold, B.Load("i32", false, B.Offset(slot, 8))),
        };
    }

    /// <summary>Threads that exit no longer have to arrive.</summary>
    public void Leave(Value lanes)
    {
        string place = B.Offset("%fixed", AliveOffset);
        B.Store(B.Binary("sub", B.Load("i32", false, place), PopCount(lanes)), place);
    }

    private string Record(Value id) => B.Offset("%fixed", B.Binary("mul", id, 32));

    private Value PopCount(Value bits)
    {
        if (bits.Text == "-1")
        {
            return LaneBuilder.Int("i32", context.Model.Lanes);
        }
        return B.Resize(B.Intrinsic("ctpop", bits), "i32", false);
    }

    private Value Scalar(IrOperand operand, string otherwise)
    {
        if (!context.ShapeOf(operand).IsUniform)
        {
            throw context.Unsupported(otherwise);
        }
        return context.Read(operand, "i32");
    }

    /// <summary>
    /// False when all barriers of a kernel are the same one, at which all threads of the block meet and nothing is
    /// asked: then nobody has to count.
    /// </summary>
    public static bool MustCount(IrFunction function)
    {
        HashSet<ulong> numbers = [];
        foreach (IrInstruction i in function.Blocks.SelectMany(block => block.Instructions))
        {
            if (i.Op != IrOp.Bar || i.Barrier == IrBarrier.WarpSync)
            {
                continue;
            }
            if (i.Barrier != IrBarrier.Sync || i.Sources.Count != 1 || i.Sources[0].Kind != IrOperandKind.Immediate)
            {
                return true;
            }
            numbers.Add(i.Sources[0].Bits);
        }
        return numbers.Count > 1;
    }

    /// <summary>Numbers of the barriers that a kernel uses; all sixteen when one is computed.</summary>
    public static IReadOnlyList<int> Used(IrFunction function)
    {
        SortedSet<int> used = [];
        foreach (IrInstruction instruction in function.Blocks.SelectMany(block => block.Instructions))
        {
            if (instruction.Op != IrOp.Bar || instruction.Barrier == IrBarrier.WarpSync)
            {
                continue;
            }
            if (instruction.Sources.Count == 0 || instruction.Sources[0].Kind != IrOperandKind.Immediate)
            {
                return [.. Enumerable.Range(0, 16)];
            }
            used.Add((int)(instruction.Sources[0].Bits & 15));
        }
        return [.. used];
    }
}
