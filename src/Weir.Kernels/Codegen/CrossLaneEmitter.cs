using Weir.Kernels.Ir;

namespace Weir.Kernels.Codegen;

/// <summary>shfl, vote, match and redux: a vector is one whole warp, so they are vector operations.</summary>
internal sealed class CrossLaneEmitter(KernelContext context)
{
    private LaneBuilder B => context.B;

    private IrInstruction I => context.Instruction;

    /// <summary>shfl: each lane reads another's value; lanes out of range keep their own.</summary>
    public void Shuffle()
    {
        bool isFloat = I.Sources[0].IsRegister && context.Registers.TypeOf(I.Sources[0].Index) == "float";
        Value value = B.Splat(context.Source(0, isFloat ? "float" : "i32"));
        Value lane = B.Ramp("i32", 1);
        Value b = B.Binary("and", context.Source(1, "i32"), 31);
        Value c = context.Source(2, "i32");
        Value segment = B.Binary("and", B.Binary("lshr", c, 8), 31);
        Value clamp = B.Binary("and", c, 31);
        Value inSegment = B.Binary("and", lane, segment);
        Value outside = B.Binary("xor", segment, -1);
        Value last = B.Binary("or", inSegment, B.Binary("and", clamp, outside));
        Value from = I.Shuffle switch
        {
            IrShuffle.Up => B.Binary("sub", lane, b),
            IrShuffle.Down => B.Binary("add", lane, b),
            IrShuffle.Bfly => B.Binary("xor", lane, b),
            _ => B.Binary("or", inSegment, B.Binary("and", b, outside)),
        };
        Value good = B.Compare(I.Shuffle == IrShuffle.Up ? "sge" : "sle", from, last);
        Value index = B.Binary("and", B.Select(good, from, lane), 31);
        if (context.Active is not null)
        {
            // A lane that takes no part gives nothing: the reader keeps its own.
            Value there = B.Binary("and", B.Binary("lshr", B.Splat(context.ActiveBits), index), 1);
            index = B.Select(B.Compare("ne", there, 0), index, lane);
        }
        Value result = Constants() is { } fixedLanes ? FixedShuffle(value, fixedLanes) : Gather(value, index);
        context.Write(result);
        if (I.Dests.Count > 1)
        {
            context.Write(good, dest: 1);
        }
    }

    /// <summary>vote over the lanes that take part and are named by the mask.</summary>
    public void Vote()
    {
        Value predicate = B.Splat(context.Source(0, "i1"));
        Value? named = I.Sources.Count > 1 ? context.Source(1, "i32") : null;
        Value active = context.ActiveBits;
        Value votes = B.Binary("and", B.Bits(predicate), active);
        if (named is { IsVector: true } masks)
        {
            // Groups of one warp may name different lanes in the same instruction.
            Value group = B.Binary("and", masks, active);
            Value mine = B.Binary("and", group, votes);
            context.Write(VoteResult(mine, group));
            return;
        }
        Value taking = named is { } mask ? B.Binary("and", active, mask) : active;
        context.Write(VoteResult(B.Binary("and", votes, taking), taking));
    }

    /// <summary>match.any and match.all.</summary>
    public void Match()
    {
        string type = "i" + IrTypes.Bits(I.Type);
        Value value = B.Splat(context.Source(0, type));
        Value named = context.Source(1, "i32");
        Value active = context.ActiveBits;
        string result = B.Alloca(B.VectorOf("i32"), zero: false);
        B.Store(B.Splat(LaneBuilder.Int("i32", 0)), result);
        ForEachGroup(
            active,
            lane =>
            {
                Value same = B.Compare("eq", value, B.Lane(value, lane));
                Value bits = B.Binary("and", B.Bits(same), active);
                B.Store(B.Select(B.FromBits(bits), bits, B.Load("i32", true, result)), result);
                return bits;
            }
        );
        Value group = B.Binary("and", named, active);
        Value matched = B.Binary("and", B.Load("i32", true, result), group);
        if (I.VoteMode == IrVote.All)
        {
            Value all = B.Compare("eq", matched, group);
            matched = B.Select(all, matched, LaneBuilder.Int("i32", 0));
            context.Write(matched);
            if (I.Dests.Count > 1)
            {
                context.Write(all, dest: 1);
            }
            return;
        }
        context.Write(matched);
    }

    /// <summary>elect: the first lane of those that take part and are named by the mask.</summary>
    public void Elect()
    {
        Value named = context.Source(0, "i32");
        Value leader = B.IntrinsicFlag("cttz", B.Binary("and", named, context.ActiveBits), false);
        context.Write(leader);
        if (I.Dests.Count > 1)
        {
            context.Write(B.Compare("eq", B.Ramp("i32", 1), leader), dest: 1);
        }
    }

    /// <summary>redux over the lanes that take part and are named by the mask.</summary>
    public void Reduce()
    {
        Value value = B.Splat(context.Source(0, "i32"));
        Value named = context.Source(1, "i32");
        Value active = context.ActiveBits;
        if (!named.IsVector)
        {
            context.Write(ReduceOver(value, B.Binary("and", active, named)));
            return;
        }
        string result = B.Alloca(B.VectorOf("i32"), zero: false);
        B.Store(B.Splat(LaneBuilder.Int("i32", 0)), result);
        ForEachGroup(
            active,
            lane =>
            {
                Value same = B.Binary("and", B.Bits(B.Compare("eq", named, B.Lane(named, lane))), active);
                Value group = B.Binary("and", B.Lane(named, lane), active);
                Value reduced = ReduceOver(value, group);
                B.Store(B.Select(B.FromBits(same), reduced, B.Load("i32", true, result)), result);
                return same;
            }
        );
        context.Write(B.Load("i32", true, result));
    }

    private Value VoteResult(Value votes, Value taking) =>
        I.VoteMode switch
        {
            IrVote.Ballot => votes,
            IrVote.Any => B.Compare("ne", votes, 0),
            IrVote.All => B.Compare("eq", votes, taking),
            _ => B.Binary("or", B.Compare("eq", votes, taking), B.Compare("eq", votes, 0)),
        };

    private Value ReduceOver(Value value, Value lanes)
    {
        bool signed = IrTypes.IsSigned(I.Type);
        (string name, int identity) = I.Atomic switch
        {
            IrAtomic.Add => ("add", 0),
            IrAtomic.And => ("and", -1),
            IrAtomic.Or => ("or", 0),
            IrAtomic.Xor => ("xor", 0),
            IrAtomic.Min => signed ? ("smin", int.MaxValue) : ("umin", -1),
            IrAtomic.Max => signed ? ("smax", int.MinValue) : ("umax", 0),
            _ => throw context.Unsupported("the operation"),
        };
        Value taking = B.Select(B.FromBits(lanes), value, LaneBuilder.Int("i32", identity));
        return B.Call($"llvm.vector.reduce.{name}.{B.Mangle("i32", true)}", "i32", "i32", false, B.Arg(taking));
    }

    /// <summary>Writes a loop that takes the first lane left and removes the lanes that the body returns.</summary>
    private void ForEachGroup(Value active, Func<Value, Value> body)
    {
        string loop = B.NewLabel("groups");
        string work = B.NewLabel("group");
        string done = B.NewLabel("grouped");
        string left = B.Alloca("i32");
        B.Store(active, left);
        B.Branch(loop);
        B.Label(loop);
        Value rest = B.Load("i32", false, left);
        B.Branch(B.Compare("ne", rest, 0), work, done);
        B.Label(work);
        Value removed = body(B.IntrinsicFlag("cttz", rest, true));
        B.Store(B.Binary("and", rest, B.Binary("xor", removed, -1)), left);
        B.Branch(loop);
        B.Label(done);
    }

    /// <summary>The source lanes when they can be told now.</summary>
    private int[]? Constants()
    {
        if (
            context.Active is not null
            || I.Sources[1].Kind != IrOperandKind.Immediate
            || I.Sources[2].Kind != IrOperandKind.Immediate
        )
        {
            return null;
        }
        int b = (int)(I.Sources[1].Bits & 31);
        int segment = (int)(I.Sources[2].Bits >> 8 & 31);
        int clamp = (int)(I.Sources[2].Bits & 31);
        int[] lanes = new int[32];
        for (int lane = 0; lane < 32; lane++)
        {
            int last = (lane & segment) | (clamp & ~segment);
            int from = I.Shuffle switch
            {
                IrShuffle.Up => lane - b,
                IrShuffle.Down => lane + b,
                IrShuffle.Bfly => lane ^ b,
                _ => (lane & segment) | (b & ~segment),
            };
            bool good = I.Shuffle == IrShuffle.Up ? from >= last : from <= last;
            lanes[lane] = good ? from & 31 : lane;
        }
        return lanes;
    }

    private Value FixedShuffle(Value value, int[] lanes)
    {
        string picks = string.Join(", ", lanes.Select(lane => $"i32 {lane}"));
        return B.Assign(
            $"shufflevector {B.Arg(value)}, {B.TypeOf(value)} poison, <{context.Model.Lanes} x i32> <{picks}>",
            value.Type,
            true
        );
    }

    private Value Gather(Value value, Value index)
    {
        index = B.Splat(index);
        if (!HostTarget.Instance.HasAvx512)
        {
            // Through memory; the indices are below 32.
            string list = context.LaneData;
            B.Store(value, list, ", align 4");
            Value places = B.Assign($"getelementptr {value.Type}, ptr {list}, {B.Arg(index)}", "ptr", true);
            return B.Call(
                $"llvm.masked.gather.{B.Mangle(value.Type, true)}.{B.Mangle("ptr", true)}",
                B.VectorOf(value.Type),
                value.Type,
                true,
                B.Arg(places),
                "i32 4",
                B.Arg(B.Splat(LaneBuilder.Int("i1", 1))),
                $"{B.VectorOf(value.Type)} zeroinitializer"
            );
        }
        Value bits = context.Reinterpret(value, "i32");
        string low = Half(bits, 0);
        string high = Half(bits, 16);
        string[] parts = new string[2];
        for (int half = 0; half < 2; half++)
        {
            string part = Half(index, 16 * half);
            parts[half] = B.Call(
                "llvm.x86.avx512.vpermi2var.d.512",
                "<16 x i32>",
                "i32",
                true,
                $"<16 x i32> {low}",
                $"<16 x i32> {part}",
                $"<16 x i32> {high}"
            ).Text;
        }
        string order = string.Join(", ", Enumerable.Range(0, 32).Select(n => $"i32 {n}"));
        Value joined = B.Assign(
            $"shufflevector <16 x i32> {parts[0]}, <16 x i32> {parts[1]}, <32 x i32> <{order}>",
            "i32",
            true
        );
        return context.Reinterpret(joined, value.Type);
    }

    private string Half(Value value, int from)
    {
        string picks = string.Join(", ", Enumerable.Range(from, 16).Select(n => $"i32 {n}"));
        return B.Assign($"shufflevector {B.Arg(value)}, <32 x i32> poison, <16 x i32> <{picks}>", "i32", true).Text;
    }
}
