using System.Globalization;
using Weir.Kernels.Abi;
using Weir.Kernels.Analysis;
using Weir.Kernels.Ir;

namespace Weir.Kernels.Codegen;

/// <summary>
/// What all emitters of one warp function share: the analyses, the registers, which lanes take part just now, and
/// how operands are read, results written and faults raised.
/// </summary>
internal sealed class KernelContext
{
    private readonly Dictionary<string, Value> _heads = [];
    private readonly System.Text.StringBuilder _head = new();
    private int _blocksAhead;
    private string? _laneList;
    private string? _laneData;

    public KernelContext(
        IrFunction function,
        ControlFlow flow,
        ShapeAnalysis shapes,
        LaneModel model,
        LaneHelpers helpers,
        TextureFunctions textures
    )
    {
        Function = function;
        Flow = flow;
        Shapes = shapes;
        Model = model;
        Helpers = helpers;
        Textures = textures;
        B = new LaneBuilder(model.Lanes);
        Registers = new RegisterFile(B, function, shapes.Registers);
    }

    /// <summary>The kernel.</summary>
    public IrFunction Function { get; }

    /// <summary>Its pieces.</summary>
    public ControlFlow Flow { get; }

    /// <summary>Shapes of its registers.</summary>
    public ShapeAnalysis Shapes { get; }

    /// <summary>How threads are dealt to lanes.</summary>
    public LaneModel Model { get; }

    /// <summary>Functions of the module that work lane by lane.</summary>
    public LaneHelpers Helpers { get; }

    /// <summary>Functions of the module that sample textures.</summary>
    public TextureFunctions Textures { get; }

    /// <summary>What the code does besides the kernel's work.</summary>
    public CodeVariant Variant { get; init; }

    /// <summary>Every access of the operation is looked at one by one.</summary>
    public bool IsWatched =>
        Variant == CodeVariant.Checked && Instruction.Space is not (IrSpace.Local or IrSpace.Param);

    /// <summary>Looks at accesses vector by vector; null where that is not asked for.</summary>
    public WatchedRuns? Runs { get; private set; }

    /// <summary>Makes the code look at every access.</summary>
    public void Watch(int unit, bool races) => Runs = new WatchedRuns(this, unit, races);

    /// <summary>Starts the names of what belongs to the warp that is run (%tx, %linear, %local, %record, …).</summary>
    public string WarpPrefix { get; set; } = "";

    /// <summary>Values of registers that can be computed anywhere.</summary>
    public required StableValues Stable { get; init; }

    /// <summary>Where instructions go.</summary>
    public LaneBuilder B { get; }

    /// <summary>The virtual registers.</summary>
    public RegisterFile Registers { get; private set; }

    /// <summary>The piece being emitted.</summary>
    public CodeNode Node { get; set; } = null!;

    /// <summary>The operation being emitted.</summary>
    public IrInstruction Instruction { get; set; } = null!;

    /// <summary>Lanes that run the piece; null means all of them.</summary>
    public Value? Mask { get; set; }

    /// <summary>Guard of the operation, scalar or vector; null for none.</summary>
    public Value? Guard { get; set; }

    /// <summary>Lanes for which the operation happens; null means all of them.</summary>
    public Value? Active =>
        Guard is not { IsVector: true } guard ? Mask
        : Mask is { } mask ? B.Binary("and", mask, guard)
        : guard;

    /// <summary>Bits of <see cref="Active"/>.</summary>
    public Value ActiveBits =>
        Active is { } active
            ? B.Bits(active)
            : new Value("-1", "i" + Model.Lanes.ToString(CultureInfo.InvariantCulture), false);

    /// <summary>Stack memory for the addresses that a per-lane function takes.</summary>
    public string LaneList => _laneList ??= B.Alloca(B.VectorOf("i64"), zero: false);

    /// <summary>Stack memory for what a per-lane function takes and gives: up to four 64-bit values per lane.</summary>
    public string LaneData => _laneData ??= B.Alloca($"[4 x {B.VectorOf("i64")}]", zero: false);

    /// <summary>Text of the function: slots and what is computed once at its top, then the rest.</summary>
    public string Text => B.SlotText + _head + B.BodyText;

    /// <summary>Something computed once at the top of the function.</summary>
    /// <param name="key">Instruction without a result name; the same text is written once.</param>
    /// <param name="type">Result type of one element.</param>
    /// <param name="isVector">True when the result is a vector.</param>
    public Value Head(string key, string type, bool isVector = false)
    {
        if (!_heads.TryGetValue(key, out Value value))
        {
            value = new Value("%h" + _heads.Count.ToString(CultureInfo.InvariantCulture), type, isVector);
            _head.Append("  ").Append(value.Text).Append(" = ").Append(key).Append('\n');
            _heads[key] = value;
        }
        return value;
    }

    /// <summary>
    /// Until disposed, instructions compute what a block further on in x would, in registers of their own.
    /// </summary>
    /// <param name="distance">How much further.</param>
    public IDisposable InLaterBlock(int distance) => new LaterBlock(this, distance);

    private sealed class LaterBlock : IDisposable
    {
        private readonly KernelContext _context;
        private readonly RegisterFile _own;

        public LaterBlock(KernelContext context, int distance)
        {
            _context = context;
            _own = context.Registers;
            context.Registers = new RegisterFile(context.B, context.Function, context.Shapes.Registers);
            context._blocksAhead = distance;
        }

        public void Dispose()
        {
            _context.Registers = _own;
            _context._blocksAhead = 0;
        }
    }

    /// <summary>One of the numbers that place the warp that is run in its block: tx, ty, tz, linear, count.</summary>
    public Value Warp(string name) => new(WarpName(name), "i32", false);

    /// <summary>Name of something that belongs to the warp that is run.</summary>
    public string WarpName(string name) => "%" + WarpPrefix + name;

    /// <summary>A field of the launch record, by its byte offset.</summary>
    public Value LaunchField(int offset, string type) => Field("%launch", offset, type);

    /// <summary>A field of the thread record that does not change while a block runs.</summary>
    public Value ThreadField(int offset, string type) => Field("%thread", offset, type);

    /// <summary>Reads an operand as lane values of an LLVM type of the same width.</summary>
    public Value Read(IrOperand operand, string type)
    {
        switch (operand.Kind)
        {
            case IrOperandKind.Immediate:
                return Constant(operand.Bits, type);
            case IrOperandKind.Register:
                Value value = Registers.ShapeOf(operand.Index).IsAffine
                    ? Spread(Registers.LoadAffine(operand.Index))
                    : Registers.Load(operand.Index);
                value = Reinterpret(value, type);
                return operand.Negated ? B.Not(value) : value;
            case IrOperandKind.Special:
                return Reinterpret(Special((IrSpecial)operand.Index), type);
            case IrOperandKind.Symbol:
                return Reinterpret(SymbolAddress(operand), type);
            default:
                throw Unsupported("an operand is missing");
        }
    }

    /// <summary>Reads source <paramref name="n"/> of the operation.</summary>
    public Value Source(int n, string type) =>
        n < Instruction.Sources.Count ? Read(Instruction.Sources[n], type) : throw Unsupported("an operand is missing");

    /// <summary>Reads an operand as a base with a stride; uniform ones have stride 0.</summary>
    public AffineValue ReadAffine(IrOperand operand, string type)
    {
        if (operand.IsRegister && Registers.ShapeOf(operand.Index).IsAffine)
        {
            AffineValue value = Registers.LoadAffine(operand.Index);
            return value with { Base = Reinterpret(value.Base, type) };
        }
        if (operand.Kind == IrOperandKind.Special && Model.ShapeOf((IrSpecial)operand.Index).IsAffine)
        {
            Value start = (IrSpecial)operand.Index == IrSpecial.TidX ? Warp("tx") : LaneBuilder.Int("i32", 0);
            return new AffineValue(Reinterpret(start, type), 1, null, null);
        }
        return new AffineValue(Read(operand, type), 0, null, null);
    }

    /// <summary>Shape of an operand.</summary>
    public Shape ShapeOf(IrOperand operand) => ShapeRules.Of(operand, Model, Function.Symbols, Shapes.Registers);

    /// <summary>The values of all lanes of an affine value.</summary>
    public Value Spread(AffineValue value)
    {
        if (value.Stride == 0)
        {
            return value.Base;
        }
        Value lanes = B.Binary("add", B.Splat(value.Base), B.Ramp(value.Base.Type, value.Stride));
        if (value.BreakLane is not { } lane)
        {
            return lanes;
        }
        Value beyond = B.Compare("uge", B.Ramp("i32", 1), lane);
        return B.Binary(
            "add",
            lanes,
            B.Select(beyond, B.Splat(value.Delta!.Value), B.Splat(LaneBuilder.Int("i64", 0)))
        );
    }

    /// <summary>Writes a result to the operation's destination, in the lanes for which it happens.</summary>
    /// <param name="value">The result; narrower ones are extended.</param>
    /// <param name="signed">How.</param>
    /// <param name="dest">Index of the destination.</param>
    public void Write(Value value, bool signed = false, int dest = 0)
    {
        IrOperand operand = Instruction.Dests[dest];
        if (!operand.IsRegister)
        {
            return;
        }
        int register = operand.Index;
        string type = Registers.TypeOf(register);
        int bits = new Value("", type, false).Bits;
        if (value.Bits != bits)
        {
            value = B.Resize(Reinterpret(value, "i" + value.Bits), "i" + bits, signed);
        }
        value = Reinterpret(value, type);
        Shape shape = Registers.ShapeOf(register);
        if (!shape.IsVarying)
        {
            if (value.IsVector || shape.IsAffine)
            {
                throw new InvalidOperationException(
                    $"{Instruction.Op} gives a vector where the analysis promised none."
                );
            }
            Registers.Store(
                register,
                Guard is { } condition ? B.Select(condition, value, Registers.Load(register)) : value
            );
            return;
        }
        value = B.Splat(value);
        Value? lanes = Guard;
        if (Mask is { } mask && Shapes.Protected[Node.Position].Contains(register))
        {
            lanes = lanes is { } guard ? B.Binary("and", mask, guard) : mask;
        }
        Registers.Store(register, lanes is { } some ? B.Select(some, value, Registers.Load(register)) : value);
    }

    /// <summary>True when the result goes to a register of which only the base is kept.</summary>
    public bool WritesAffine =>
        Instruction.Dests.Count == 1
        && Instruction.Dests[0].IsRegister
        && Registers.ShapeOf(Instruction.Dests[0].Index).IsAffine;

    /// <summary>Writes an affine result.</summary>
    public void WriteAffine(AffineValue value)
    {
        int register = Instruction.Dests[0].Index;
        if (Guard is { } condition)
        {
            AffineValue old = Registers.LoadAffine(register);
            value = new AffineValue(
                B.Select(condition, value.Base, old.Base),
                value.Stride,
                old.BreakLane is { } lane
                    ? B.Select(condition, value.BreakLane ?? LaneBuilder.Int("i32", Model.Lanes), lane)
                    : null,
                old.Delta is { } delta ? B.Select(condition, value.Delta ?? LaneBuilder.Int("i64", 0), delta) : null
            );
        }
        Registers.StoreAffine(register, value);
    }

    /// <summary>The same bits as another type of the same width.</summary>
    public Value Reinterpret(Value value, string type)
    {
        if (value.Type == type)
        {
            return value;
        }
        int to = new Value("", type, false).Bits;
        if (to != value.Bits)
        {
            if (value.IsFloat)
            {
                value = B.Cast("bitcast", value, "i" + value.Bits);
            }
            value = B.Resize(value, "i" + to, signed: false);
        }
        return B.Cast("bitcast", value, type);
    }

    /// <summary>A constant given by its bits.</summary>
    public static Value Constant(ulong bits, string type) =>
        type switch
        {
            "float" => LaneBuilder.Float("float", BitConverter.UInt32BitsToSingle((uint)bits)),
            "double" => LaneBuilder.Float("double", BitConverter.UInt64BitsToDouble(bits)),
            "half" => new Value("0xH" + ((ushort)bits).ToString("X4", CultureInfo.InvariantCulture), "half", false),
            _ => LaneBuilder.Int(type, (long)bits),
        };

    /// <summary>Ends the kernel with a fault of the given lane.</summary>
    public void RaiseFault(KernelFault kind, Value address, Value lane)
    {
        B.Line(
            $"call void @weir_fault(ptr %thread, i32 {(uint)kind}, i32 {Instruction.Line}, i64 {address.Text}, i64 %block, "
                + $"i32 {ThreadIndex(lane).Text})"
        );
        B.Line($"ret i32 {(uint)kind}");
    }

    /// <summary>Linear index in the block of a lane's thread.</summary>
    public Value ThreadIndex(Value lane) => B.Binary("add", Warp("linear"), B.Resize(lane, "i32", false));

    /// <summary>Number of the first lane for which the operation happens, i32.</summary>
    public Value FirstActiveLane() =>
        Active is null ? LaneBuilder.Int("i32", 0) : B.Resize(B.IntrinsicFlag("cttz", ActiveBits, false), "i32", false);

    /// <summary>The refusal of an operation.</summary>
    public PtxException Unsupported(string what) =>
        new(
            $"{Instruction.Op.ToString().ToLowerInvariant()}: {what} is not supported",
            Instruction.Line,
            unsupported: true
        );

    /// <summary>Address of a variable, in its own space.</summary>
    public Value SymbolAddress(IrOperand operand)
    {
        IrSymbol symbol = Function.Symbols[operand.Index];
        if (symbol.Space is not (IrSpace.Global or IrSpace.Const))
        {
            return LaneBuilder.Int("i64", symbol.Offset + (long)operand.Bits);
        }
        Value table = LaunchField(56, "ptr");
        Value slot = Head($"getelementptr i64, ptr {table.Text}, i64 {symbol.Offset}", "ptr");
        Value address = Head($"load i64, ptr {slot.Text}, !invariant.load !0", "i64");
        return operand.Bits == 0 ? address : B.Binary("add", address, (long)operand.Bits);
    }

    private Value Field(string record, int offset, string type)
    {
        Value place = Head($"getelementptr i8, ptr {record}, i64 {offset}", "ptr");
        return Head($"load {type}, ptr {place.Text}, !invariant.load !0", type);
    }

    private Value Special(IrSpecial special)
    {
        switch (special)
        {
            case IrSpecial.TidX:
                return Model.Rows
                    ? B.Binary("add", B.Splat(Warp("tx")), B.Ramp("i32", 1))
                    : Warp("tidx") with
                    {
                        IsVector = true,
                    };
            case IrSpecial.TidY:
                return Model.Rows ? Warp("ty") : Warp("tidy") with { IsVector = true };
            case IrSpecial.TidZ:
                return Model.Rows ? Warp("tz") : Warp("tidz") with { IsVector = true };
            case IrSpecial.NTidX or IrSpecial.NTidY or IrSpecial.NTidZ:
                return LaunchField(12 + 4 * (special - IrSpecial.NTidX), "i32");
            case IrSpecial.CtaIdX:
                Value block = new("%cx", "i32", false);
                return _blocksAhead == 0 ? block : B.Binary("add", block, _blocksAhead);
            case IrSpecial.CtaIdY:
                return new Value("%cy", "i32", false);
            case IrSpecial.CtaIdZ:
                return new Value("%cz", "i32", false);
            case IrSpecial.NCtaIdX or IrSpecial.NCtaIdY or IrSpecial.NCtaIdZ:
                return LaunchField(4 * (special - IrSpecial.NCtaIdX), "i32");
            case IrSpecial.LaneId:
                return B.Ramp("i32", 1);
            case IrSpecial.WarpId:
                return B.Binary("lshr", Warp("linear"), 5);
            case IrSpecial.NWarpId:
                Value threads = B.Binary("mul", LaunchField(12, "i32"), LaunchField(16, "i32"));
                threads = B.Binary("mul", threads, LaunchField(20, "i32"));
                return B.Binary("lshr", B.Binary("add", threads, 31), 5);
            case IrSpecial.SmId:
                return ThreadField(72, "i32");
            case IrSpecial.NSmId:
                return LaneBuilder.Int("i32", Environment.ProcessorCount);
            case IrSpecial.GridId:
                return LaneBuilder.Int("i64", 0);
            case IrSpecial.LaneMaskEq:
                return LaneBits(lane => 1u << lane);
            case IrSpecial.LaneMaskLe:
                return LaneBits(lane => (uint)((2UL << lane) - 1));
            case IrSpecial.LaneMaskLt:
                return LaneBits(lane => (1u << lane) - 1);
            case IrSpecial.LaneMaskGe:
                return LaneBits(lane => ~((1u << lane) - 1));
            case IrSpecial.LaneMaskGt:
                return LaneBits(lane => ~(uint)((2UL << lane) - 1));
            case IrSpecial.Clock or IrSpecial.Clock64:
                return B.Call("llvm.readcyclecounter", "i64", "i64", false);
            case IrSpecial.GlobalTimer:
                return LaunchField(88, "i64");
            case IrSpecial.DynamicSharedSize:
                return LaunchField(24, "i32");
            case IrSpecial.TotalSharedSize:
                return B.Resize(ThreadField(8, "i64"), "i32", false);
            default:
                throw Unsupported($"special register {special}");
        }
    }

    private Value LaneBits(Func<int, uint> bits)
    {
        IEnumerable<string> elements = Enumerable.Range(0, Model.Lanes).Select(lane => $"i32 {(int)bits(lane)}");
        return new Value("<" + string.Join(", ", elements) + ">", "i32", true);
    }
}
