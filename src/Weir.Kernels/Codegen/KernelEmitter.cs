using System.Text;
using Weir.Kernels.Abi;
using Weir.Kernels.Analysis;
using Weir.Kernels.Ir;

namespace Weir.Kernels.Codegen;

/// <summary>Makes the LLVM module of a kernel: the warp function in the variants that it needs, and the loop over blocks.</summary>
internal sealed class KernelEmitter
{
    /// <summary>Kernels above this number of operations get the masked copy only.</summary>
    private const int LargeKernel = 5000;

    /// <summary>The same for checked code, where every access is many instructions.</summary>
    private const int LargeCheckedKernel = 500;

    private readonly IrFunction _function;
    private readonly int _lanes;
    private readonly bool _trueWarps;
    private readonly bool _barriers;
    private readonly bool _countBarriers;
    private readonly ControlFlow _flow;
    private readonly Liveness _liveness;
    private readonly BlockRegions? _regions;
    private readonly LaneHelpers _helpers;
    private readonly TextureFunctions _textures;
    private readonly HashSet<string> _declarations = [];
    private readonly int _instructions;
    private readonly bool _full;
    private readonly CodeVariant _variant;
    private readonly WatchText? _watch;
    private int _recordBytes;

    private KernelEmitter(IrFunction function, CodeQuality quality, CodeVariant variant)
    {
        _function = function;
        _variant = variant;
        _trueWarps = NeedsTrueWarps(function);
        _barriers = function.Blocks.Any(block =>
            block.Instructions.Any(i => i.Op == IrOp.Bar && i.Barrier != IrBarrier.WarpSync)
        );
        _countBarriers = _barriers && BarrierProtocol.MustCount(function);
        // Every barrier costs the same per vector, so wide ones pay where blocks are lines; rows of tiles are often 16.
        _lanes = _trueWarps || (_barriers && !UsesRows(function)) ? 32 : 16;
        int operations = function.Blocks.Sum(block => block.Instructions.Count);
        _full =
            quality == CodeQuality.Full
            && operations <= (variant == CodeVariant.Checked ? LargeCheckedKernel : LargeKernel);
        _flow = ControlFlow.Build(function, splitAtAccesses: operations <= LargeKernel);
        _liveness = Liveness.Compute(_flow, function.Registers.Count);
        _regions = _barriers && !_countBarriers ? BlockRegions.Find(function, _flow, _liveness) : null;
        _watch = variant == CodeVariant.Checked ? new WatchText(WatchText.UnitOf(function), !_countBarriers) : null;
        _helpers = new LaneHelpers(_lanes, function.LocalBytes, function.ParameterBytes, _watch);
        _textures = new TextureFunctions(_lanes);
        _instructions = _flow.Nodes.Sum(node => node.Instructions.Count);
    }

    /// <summary>Writes the module of a kernel.</summary>
    /// <exception cref="PtxException">The kernel uses something that is not generated yet.</exception>
    public static (string Module, KernelInfo Info) Emit(
        IrFunction function,
        CodeQuality quality,
        CodeVariant variant = CodeVariant.Plain
    )
    {
        KernelEmitter emitter = new(function, quality, variant);
        string module = emitter.Module();
        return (module, emitter.Info());
    }

    /// <summary>How the threads of a block are run, as a sentence.</summary>
    public static string Strategy(IrFunction function)
    {
        KernelEmitter emitter = new(function, CodeQuality.Full, CodeVariant.Plain);
        string barriers =
            !emitter._barriers ? "no barriers"
            : emitter._regions is { } found ? $"the block region by region, {found.Regions.Length} of them"
            : emitter._countBarriers ? "barriers counted thread by thread"
            : "each vector until it waits at a barrier";
        string copies = emitter._full ? "" : ", masked only";
        return $"vectors of {emitter._lanes} threads{copies}; {barriers}";
    }

    /// <summary>Local memory of one vector of threads, bytes.</summary>
    private int LocalBytes => Align(_function.LocalBytes * _lanes);

    /// <summary>True when lanes must be exactly the warps that programs see.</summary>
    private static bool NeedsTrueWarps(IrFunction function)
    {
        foreach (IrInstruction i in function.Blocks.SelectMany(block => block.Instructions))
        {
            bool crosses =
                i.Op is IrOp.Mma or IrOp.Shfl or IrOp.Vote or IrOp.Match or IrOp.Redux or IrOp.ActiveMask or IrOp.Elect
                || i is { Op: IrOp.Bar, Barrier: IrBarrier.WarpSync }
                // Programs older than shfl pass values within a warp through volatile shared memory, without a barrier.
                || (i.Op is IrOp.Ld or IrOp.St && i.Flag && i.Space is IrSpace.Shared or IrSpace.Generic && i.Flag);
            if (crosses || i.Sources.Any(IsWarpRegister))
            {
                return true;
            }
        }
        return false;
    }

    private static bool UsesRows(IrFunction function) =>
        function.Blocks.Any(block =>
            block.Instructions.Any(i =>
                i.Sources.Any(source =>
                    source.Kind == IrOperandKind.Special && (IrSpecial)source.Index is IrSpecial.TidY or IrSpecial.TidZ
                )
            )
        );

    private static bool IsWarpRegister(IrOperand operand) =>
        operand.Kind == IrOperandKind.Special
        && (IrSpecial)operand.Index
            is IrSpecial.LaneId
                or IrSpecial.WarpId
                or IrSpecial.LaneMaskEq
                or IrSpecial.LaneMaskGe
                or IrSpecial.LaneMaskGt
                or IrSpecial.LaneMaskLe
                or IrSpecial.LaneMaskLt;

    private string Module()
    {
        StringBuilder warps = new();
        // Functions of warps and blocks become part of the loop over blocks, so that what a launch does not change is
        // computed once.
        _recordBytes = EmitVariant(warps, "rows", new LaneModel(_lanes, Rows: true, _trueWarps), full: _full);
        if (_trueWarps)
        {
            LaneModel linear = new(_lanes, Rows: false, TrueWarps: true);
            _recordBytes = Math.Max(_recordBytes, EmitVariant(warps, "linear", linear, full: false));
        }
        string driver = new DriverText(
            _lanes,
            _trueWarps,
            _barriers,
            _countBarriers,
            _recordBytes,
            LocalBytes,
            BarrierProtocol.Used(_function),
            _flow.Continuations,
            _regions is not null,
            _variant == CodeVariant.Checked
        ).Write();

        StringBuilder module = new();
        module.Append(FaultFunction).Append(DirectedArithmetic.Modes);
        if (_countBarriers)
        {
            module.Append(BarrierProtocol.Functions);
        }
        module.Append(_watch?.Text).Append(_helpers.Text).Append(_textures.Text).Append(warps).Append(driver);
        _declarations.UnionWith(_textures.Declarations);
        if (_helpers.Text.Length > 0)
        {
            _declarations.Add($"declare i{_lanes} @llvm.cttz.i{_lanes}(i{_lanes}, i1)");
        }
        foreach (string declaration in _declarations)
        {
            module.Append(declaration).Append('\n');
        }
        module.Append(Attributes());
        return module.ToString();
    }

    /// <summary>Writes the code for one dealing of threads to lanes; gives the bytes that a warp's record takes.</summary>
    private int EmitVariant(StringBuilder text, string name, LaneModel model, bool full)
    {
        ShapeAnalysis shapes = ShapeAnalysis.Run(_function, _flow, _liveness, model);
        KernelContext context = new(_function, _flow, shapes, model, _helpers, _textures)
        {
            Stable = StableValues.Find(_function, _flow, _liveness, shapes.Registers),
            Variant = _variant,
        };
        if (_watch is { } watch)
        {
            context.Watch(watch.Unit, watch.Races);
        }
        int bytes = 0;
        if (_regions is not null)
        {
            BlockRecord record = new(context, _regions, _liveness);
            StableValues addresses = StableValues.Find(_function, _flow, _liveness, shapes.Registers, breaks: true);
            BlockEmitter block = new(context, _regions, record, addresses, full);
            text.Append(block.Emit("block_" + name, LocalBytes));
            bytes = record.Bytes;
        }
        else
        {
            WarpRecord? record = _barriers ? new WarpRecord(_flow, _liveness, context.Registers) : null;
            text.Append(new WarpEmitter(context, record, full, _countBarriers).Emit("warp_" + name));
            bytes = record?.Bytes ?? 0;
        }
        _declarations.UnionWith(context.B.Declarations);
        return bytes;
    }

    private KernelInfo Info()
    {
        int perVector = _barriers ? _recordBytes + LocalBytes : 0;
        List<string> globals =
        [
            .. _function
                .Symbols.Where(symbol => symbol.Space is IrSpace.Global or IrSpace.Const)
                .OrderBy(symbol => symbol.Offset)
                .Select(symbol => symbol.Name),
        ];
        return new KernelInfo
        {
            Name = _function.Name,
            ParameterBytes = _function.ParameterBytes,
            SharedBytes = _function.SharedBytes,
            LocalBytes = _function.LocalBytes,
            MaxThreads = _function.MaxThreads > 0 ? Math.Min(1024, _function.MaxThreads) : 1024,
            Registers = EstimateRegisters(),
            ScratchBytesPerVector = perVector,
            ScratchFixedBytes =
                _countBarriers ? BarrierProtocol.FixedBytes
                : _barriers ? 0
                : LocalBytes,
            VectorLanes = _lanes,
            VectorsStayInRow = !_trueWarps,
            GlobalSymbols = globals,
            StraightLineInstructions = _flow.HasLoops ? -1 : _instructions,
            UsesTextures = _function.Blocks.Any(block => block.Instructions.Any(i => i.Op == IrOp.Tex)),
        };
    }

    /// <summary>Largest number of 32-bit registers that hold live values at the start of a piece.</summary>
    private int EstimateRegisters()
    {
        int most = 0;
        foreach (BitSet live in _liveness.LiveIn)
        {
            most = Math.Max(most, live.Items().Sum(register => (_function.Registers[register].Bits + 31) / 32));
        }
        return Math.Clamp(most + 8, 16, 255);
    }

    private static int Align(int bytes) => (bytes + 63) & ~63;

    private static string Attributes()
    {
        HostTarget host = HostTarget.Instance;
        string width = host.HasAvx512 ? "512" : "256";
        string common =
            $"nounwind \"target-cpu\"=\"{host.Cpu}\" \"target-features\"=\"{host.Features}\" \"no-builtins\" "
            + $"\"prefer-vector-width\"=\"{width}\" \"min-legal-vector-width\"=\"{width}\" \"frame-pointer\"=\"none\"";
        return $"attributes #0 = {{ alwaysinline {common} }}\n"
            + $"attributes #2 = {{ {common} }}\n"
            + $"attributes #1 = {{ noinline {common} }}\n"
            + "!0 = !{}\n!1 = !{!\"branch_weights\", i32 2000, i32 1}\n";
    }

    /// <summary>Notes a fault in the thread record; see KernelThread for the offsets.</summary>
    private const string FaultFunction = """
        define internal void @weir_fault(ptr %thread, i32 %kind, i32 %line, i64 %address, i64 %block, i32 %who) #1 {
          %p0 = getelementptr i8, ptr %thread, i64 32
          store i32 %kind, ptr %p0
          %p1 = getelementptr i8, ptr %thread, i64 36
          store i32 %line, ptr %p1
          %p2 = getelementptr i8, ptr %thread, i64 40
          store i64 %address, ptr %p2
          %p3 = getelementptr i8, ptr %thread, i64 48
          store i64 %block, ptr %p3
          %p4 = getelementptr i8, ptr %thread, i64 56
          store i32 %who, ptr %p4
          ret void
        }

        """;
}
