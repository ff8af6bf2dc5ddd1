using System.Globalization;
using Weir.Kernels.Abi;
using Weir.Kernels.Ir;

namespace Weir.Kernels.Codegen;

/// <summary>
/// Checked code's look at all threads of a vector at once. What it finds in order needs no look thread by thread (<see cref="WatchText"/>), which
/// costs twenty times as much; what it does not is left to that, which reports it. Both keep the same notes.
/// </summary>
/// <param name="context">The kernel.</param>
/// <param name="unit">Bytes of shared memory that are told apart.</param>
/// <param name="races">The kernel's barriers are such that epochs tell what is ordered.</param>
internal sealed class WatchedRuns(KernelContext context, int unit, bool races)
{
    private const int UnitBytes = 8;
    private const int EpochShift = 16;
    private const int WarpShift = 5;

    // A look at single places reads a word of marks, and may read past the last one.
    private const int SpareBytes = 64;

    private LaneBuilder B => context.B;

    private int Lanes => context.Model.Lanes;

    /// <summary>True when <see cref="Look"/> can be asked about the access.</summary>
    public bool CanLook(MemoryAccess access)
    {
        bool isShared = context.Instruction.Space == IrSpace.Shared;
        return access.Form != AccessForm.LocalRow && (!isShared || access.LaneBytes == unit || IsOneRun(access));
    }

    /// <summary>
    /// Looks at an access that lies in its space. True when nothing is wrong with it and it has been noted; otherwise nothing has been.
    /// </summary>
    /// <param name="access">The access, one that <see cref="CanLook"/>.</param>
    /// <param name="kind">Load or store.</param>
    public Value Look(MemoryAccess access, AccessKind kind) =>
        context.Instruction.Space == IrSpace.Shared ? Shared(access, kind) : Global(access);

    // More words than lanes: only without a mask, which would have to be spread over them.
    private bool IsOneRun(MemoryAccess access) =>
        access.Form == AccessForm.Contiguous && context.Active is null && access.LaneBytes % unit == 0;

    private Value Global(MemoryAccess access)
    {
        Value window = context.LaunchField(40, "i64");
        Value size = context.LaunchField(112, "i64");
        Value shadow = context.LaunchField(104, "ptr");
        bool isScattered = access.Form == AccessForm.Scattered;
        Value addresses = isScattered
            ? B.Splat(B.Resize(access.Addresses(), "i64", signed: false))
            : B.Resize(access.Start, "i64", signed: false);
        Value offset = B.Binary("sub", addresses, window);
        int run = access.Form == AccessForm.Contiguous ? access.LaneBytes * Lanes : access.LaneBytes;
        Value known = context.Head($"call i64 @llvm.usub.sat.i64(i64 {size.Text}, i64 {run + SpareBytes})", "i64");
        B.Declare("llvm.usub.sat.i64", "i64", "i64 0", "i64 0");
        Value isKnown = B.Compare("ult", offset, known);
        Value? active = isScattered ? context.Active : null;
        if (active is { } some)
        {
            isKnown = B.Binary("or", isKnown, B.Not(some));
        }
        return WhenTrue(
            B.All(isKnown),
            () =>
            {
                Value index = B.Binary("lshr", offset, LaneBuilder.Int("i64", 3));
                return isScattered ? MarksOfLanes(shadow, index, access.LaneBytes, active)
                    : access.Form == AccessForm.Contiguous ? MarksOfRun(shadow, index, offset, run)
                    : MarksOfPlace(shadow, index, access.LaneBytes);
            }
        );
    }

    private Value MarksOfPlace(Value shadow, Value index, int bytes)
    {
        string type = bytes > UnitBytes ? "i16" : "i8";
        Value marks = B.Load(type, false, B.Offset(shadow.Text, index), ", align 1");
        return B.Compare("eq", marks, bytes > UnitBytes ? 0x0808 : 0x08);
    }

    private Value MarksOfRun(Value shadow, Value index, Value offset, int run)
    {
        int units = Math.Max(1, run / UnitBytes);
        string type = $"i{(units * 8).ToString(CultureInfo.InvariantCulture)}";
        string all = string.Concat(Enumerable.Repeat("08", units));
        Value marks = B.Assign($"load {type}, ptr {B.Offset(shadow.Text, index)}, align 1", type, false);
        Value good = B.Assign(
            $"icmp eq {type} {marks.Text}, {System.Numerics.BigInteger.Parse(all, NumberStyles.HexNumber, CultureInfo.InvariantCulture)}",
            "i1",
            false
        );
        // The run may begin within a unit, and so end within one more.
        Value last = B.Binary("lshr", B.Binary("add", offset, run - 1), LaneBuilder.Int("i64", 3));
        Value end = B.Load("i8", false, B.Offset(shadow.Text, last), ", align 1");
        return B.Binary("and", good, B.Compare("eq", end, UnitBytes));
    }

    private Value MarksOfLanes(Value shadow, Value index, int bytes, Value? active)
    {
        Value places = B.Assign($"getelementptr i8, ptr {shadow.Text}, {B.Arg(index)}", "ptr", true);
        Value marks = B.Call(
            $"llvm.masked.gather.{B.Mangle("i32", true)}.{B.Mangle("ptr", true)}",
            B.VectorOf("i32"),
            "i32",
            true,
            B.Arg(places),
            "i32 1",
            B.Arg(B.Splat(active ?? LaneBuilder.Int("i1", 1))),
            $"{B.VectorOf("i32")} splat (i32 {0x08080808})"
        );
        int mask = bytes > UnitBytes ? 0xFFFF : 0xFF;
        return B.All(B.Compare("eq", B.Binary("and", marks, mask), 0x0808 & mask));
    }

    private Value Shared(MemoryAccess access, AccessKind kind)
    {
        Value epoch = Thread(80, "i64");
        Value first = B.Binary("shl", Thread(88, "i64"), EpochShift);
        Value now = B.Binary("shl", epoch, EpochShift);
        string writes = Thread(96, "ptr").Text;
        string reads = Thread(104, "ptr").Text;
        if (access.Form == AccessForm.Uniform)
        {
            return OnePlace(access, kind, writes, reads, first, now);
        }
        int vectors = access.Form == AccessForm.Contiguous ? access.LaneBytes / unit : 1;
        Words[] words = new Words[vectors];
        Value? good = null;
        for (int n = 0; n < vectors; n++)
        {
            words[n] = Place(access, n, writes, reads);
            (Value fine, words[n].Noted) = Judge(
                kind,
                words[n].Written(B),
                words[n].Read(B),
                first,
                now,
                Mine(n, vectors, now)
            );
            Value all = B.All(context.Active is { } active ? B.Binary("or", fine, B.Not(active)) : fine);
            good = good is { } others ? B.Binary("and", others, all) : all;
        }
        return WhenTrue(
            good!.Value,
            () =>
            {
                foreach (Words place in words)
                {
                    Note(kind == AccessKind.Load ? place.Reads : place.Writes, place.Noted);
                }
                return LaneBuilder.Int("i1", 1);
            }
        );
    }

    private Value OnePlace(MemoryAccess access, AccessKind kind, string writes, string reads, Value first, Value now)
    {
        Value lane = context.FirstActiveLane();
        Value who = B.Resize(B.Binary("add", context.Warp("linear"), B.Resize(lane, "i32", false)), "i64", false);
        Value index = IndexOf(B.Resize(access.Start, "i64", signed: false));
        Value bytes = B.Binary("shl", index, 3);
        string written = B.Offset(writes, bytes);
        string read = B.Offset(reads, bytes);
        (Value good, Value noted) = Judge(
            kind,
            B.Load("i64", false, written),
            B.Load("i64", false, read),
            first,
            now,
            B.Binary("or", now, who)
        );
        return WhenTrue(
            good,
            () =>
            {
                B.Store(noted, kind == AccessKind.Load ? read : written);
                return LaneBuilder.Int("i1", 1);
            }
        );
    }

    // The threads' notes of themselves, for words n·lanes to n·lanes + lanes - 1 of an access of several words per lane.
    private Value Mine(int n, int wordsPerLane, Value now)
    {
        string ramp = string.Join(
            ", ",
            Enumerable.Range(0, Lanes).Select(word => $"i32 {(n * Lanes + word) / wordsPerLane}")
        );
        Value who = B.Binary("add", B.Splat(context.Warp("linear")), new Value($"<{ramp}>", "i32", true));
        return B.Binary("or", B.Cast("zext", who, "i64"), now);
    }

    // Words that hold an older epoch than this one's beginning are less than it, whoever wrote them.
    private (Value Good, Value Noted) Judge(
        AccessKind kind,
        Value written,
        Value read,
        Value first,
        Value now,
        Value mine
    )
    {
        Value warp = B.Binary("lshr", mine, WarpShift);
        Value readByOthers = B.Binary(
            "and",
            B.Compare("sge", read, now),
            B.Compare("ne", B.Binary("lshr", read, WarpShift), warp)
        );
        Value bad = kind == AccessKind.Store ? LaneBuilder.Int("i1", 0) : B.Compare("slt", written, first);
        if (races && !context.Instruction.Flag)
        {
            Value conflict = B.Binary(
                "and",
                B.Compare("sge", written, now),
                B.Compare("ne", B.Binary("lshr", written, WarpShift), warp)
            );
            conflict = kind == AccessKind.Store ? B.Binary("or", conflict, readByOthers) : conflict;
            bad = B.Binary("or", bad, conflict);
        }
        Value several = B.Binary("or", now, KernelThread.SeveralThreads);
        return (B.Not(bad), kind == AccessKind.Store ? mine : B.Select(readByOthers, several, mine));
    }

    private Words Place(MemoryAccess access, int n, string writes, string reads)
    {
        if (access.Form == AccessForm.Contiguous)
        {
            Value start = B.Binary("shl", IndexOf(B.Resize(access.Start, "i64", signed: false)), 3);
            return new Words(
                B.Offset(B.Offset(writes, start), (long)n * Lanes * 8),
                B.Offset(B.Offset(reads, start), (long)n * Lanes * 8)
            );
        }
        Value index = IndexOf(B.Splat(B.Resize(access.Addresses(), "i64", signed: false)));
        Value active = B.Splat(context.Active ?? LaneBuilder.Int("i1", 1));
        return new Words(
            B.Assign($"getelementptr i64, ptr {writes}, {B.Arg(index)}", "ptr", true),
            B.Assign($"getelementptr i64, ptr {reads}, {B.Arg(index)}", "ptr", true),
            active
        );
    }

    private void Note(Value place, Value noted)
    {
        string value = B.Arg(B.Splat(noted));
        if (place.IsVector)
        {
            string mask = B.Arg(B.Splat(context.Active ?? LaneBuilder.Int("i1", 1)));
            B.CallVoid(
                $"llvm.masked.scatter.{B.Mangle("i64", true)}.{B.Mangle("ptr", true)}",
                value,
                B.Arg(place),
                "i32 8",
                mask
            );
        }
        else if (context.Active is { } active)
        {
            B.CallVoid(
                $"llvm.masked.store.{B.Mangle("i64", true)}.p0",
                value,
                $"ptr {place.Text}",
                "i32 8",
                B.Arg(B.Splat(active))
            );
        }
        else
        {
            B.Store(B.Splat(noted), place.Text, ", align 8");
        }
    }

    private Value IndexOf(Value offset) => unit == 1 ? offset : B.Binary("lshr", offset, 2);

    // Not a field that stays while a block runs: barriers count the epoch.
    private Value Thread(int offset, string type) => B.Load(type, false, B.Offset("%thread", offset));

    private Value WhenTrue(Value condition, Func<Value> then)
    {
        string yes = B.NewLabel("look");
        string join = B.NewLabel("looked");
        string before = B.CurrentLabel;
        B.Branch(condition, yes, join, likely: true);
        B.Label(yes);
        Value value = then();
        string after = B.CurrentLabel;
        B.Branch(join);
        B.Label(join);
        return B.Assign($"phi i1 [ false, %{before} ], [ {value.Text}, %{after} ]", "i1", false);
    }

    /// <summary>Where the notes of an access lie: one address of a run, or a vector of them.</summary>
    private struct Words(Value writes, Value reads, Value? active = null)
    {
        public Words(string writes, string reads)
            : this(new Value(writes, "ptr", false), new Value(reads, "ptr", false)) { }

        public Value Writes { get; } = writes;

        public Value Reads { get; } = reads;

        public Value Noted { get; set; }

        public readonly Value Written(LaneBuilder b) => Load(b, Writes);

        public readonly Value Read(LaneBuilder b) => Load(b, Reads);

        private readonly Value Load(LaneBuilder b, Value place) =>
            active is not { } lanes
                ? b.Load("i64", true, place.Text, ", align 8")
                : b.Call(
                    $"llvm.masked.gather.{b.Mangle("i64", true)}.{b.Mangle("ptr", true)}",
                    b.VectorOf("i64"),
                    "i64",
                    true,
                    b.Arg(place),
                    "i32 8",
                    b.Arg(lanes),
                    $"{b.VectorOf("i64")} zeroinitializer"
                );
    }
}
