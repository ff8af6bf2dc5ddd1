using Weir.Kernels.Ir;
using Weir.Kernels.Ptx;

namespace Weir.Kernels.Lowering;

/// <summary>Lowers one kernel: body, memory layout, blocks, verification.</summary>
internal static class EntryLowering
{
    private const long MaxSharedBytes = 48 << 10;
    private const long MaxLocalBytes = 512 << 10;

    /// <summary>Lowers an entry.</summary>
    public static IrFunction Lower(
        PtxEntry entry,
        PtxFunction function,
        int target,
        IReadOnlyDictionary<string, PtxDeclaration> variables,
        IReadOnlyDictionary<string, PtxFunction> functions,
        IReadOnlySet<string> externs,
        IReadOnlyList<PtxFunction> taken,
        Func<PtxFunction, PtxBlock> parse
    )
    {
        if (function.Unsupported is { } directive)
        {
            throw new PtxException(
                $"unsupported directive {directive.Text} of entry '{entry.Name}'",
                directive.Line,
                unsupported: true
            );
        }

        var builder = new IrBuilder();
        var parameters = new NameScope(null, builder);
        foreach (var parameter in entry.Parameters)
        {
            var symbol = builder.NewSymbol(
                new BuilderSymbol
                {
                    Name = parameter.Name,
                    Space = IrSpace.Param,
                    SizeBytes = parameter.SizeBytes,
                    AlignBytes = parameter.AlignBytes,
                    Offset = parameter.OffsetBytes,
                }
            );
            parameters.Declare(parameter.Name, new NameMeaning(NameKind.Symbol, symbol), entry.Line);
        }

        var module = new ModuleNames(variables, functions, externs, taken, builder);
        var frame = new CallFrame(function, null);
        new BodyLowering(builder, module, parse).Block(parse(function), parameters, frame);
        CallParameterPromotion.Run(builder);
        var shared = LayOutShared(builder, entry);
        var local = LayOutLocal(builder, entry);
        var lowered = new IrFunction
        {
            Name = entry.Name,
            Registers = builder.Registers,
            Blocks = builder.Blocks(),
            Symbols = builder.Symbols.ConvertAll(s => new IrSymbol(
                s.Name,
                s.Space,
                s.IsGone ? 0 : s.SizeBytes,
                s.AlignBytes,
                s.Offset
            )),
            Parameters = [.. entry.Parameters.Select(p => new IrParameter(p.OffsetBytes, p.SizeBytes, p.AlignBytes))],
            ParameterBytes = entry.ParameterBytes,
            SharedBytes = shared,
            LocalBytes = local,
            MaxThreads = entry.MaxThreads is { } max ? (int)Math.Min(int.MaxValue, (long)max.X * max.Y * max.Z) : 0,
            RequiredThreads = entry.RequiredThreads,
            Target = target,
        };
        IrVerifier.Verify(lowered);
        return lowered;
    }

    private static int LayOutShared(IrBuilder builder, PtxEntry entry)
    {
        var (end, dynamicAlign) = (0L, 0);
        foreach (var symbol in builder.Symbols.Where(s => s.Space == IrSpace.Shared))
        {
            if (symbol.IsDynamic)
            {
                dynamicAlign = Math.Max(dynamicAlign, symbol.AlignBytes);
                continue;
            }

            symbol.Offset = Align(end, symbol.AlignBytes);
            end = symbol.Offset + symbol.SizeBytes;
        }

        // Dynamic shared memory follows, 16-aligned, or as its declaration asks.
        end = dynamicAlign > 0 ? Align(end, Math.Max(16, dynamicAlign)) : end;
        foreach (var symbol in builder.Symbols.Where(s => s.IsDynamic))
        {
            symbol.Offset = end;
        }

        return end <= MaxSharedBytes
            ? (int)end
            : throw new PtxException(
                $"entry '{entry.Name}' has {end} bytes of static shared memory, {MaxSharedBytes} at most are allowed",
                entry.Line
            );
    }

    // An instance's variables stand behind its caller's, so that calls one after another use the same memory.
    private static int LayOutLocal(IrBuilder builder, PtxEntry entry)
    {
        var locals = builder.Symbols.Where(s => s.Space == IrSpace.Local && !s.IsGone).ToList();
        var limit = 0L;
        var bases = new Dictionary<CallFrame, long>();
        foreach (var symbol in locals)
        {
            symbol.Offset = Align(symbol.Frame!.LocalBytes, symbol.AlignBytes);
            symbol.Frame.LocalBytes = symbol.Offset + symbol.SizeBytes;
        }

        foreach (var symbol in locals)
        {
            symbol.Offset += Base(symbol.Frame!, bases);
            limit = Math.Max(limit, symbol.Offset + symbol.SizeBytes);
        }

        limit = Align(limit, 16);
        return limit <= MaxLocalBytes
            ? (int)limit
            : throw new PtxException(
                $"entry '{entry.Name}' needs {limit} bytes of local memory, {MaxLocalBytes} at most are allowed",
                entry.Line
            );
    }

    private static long Base(CallFrame frame, Dictionary<CallFrame, long> bases)
    {
        if (frame.Caller is null)
        {
            return 0;
        }

        if (!bases.TryGetValue(frame, out var value))
        {
            value = Align(Base(frame.Caller, bases) + frame.Caller.LocalBytes, 64);
            bases.Add(frame, value);
        }

        return value;
    }

    private static long Align(long value, int align) => (value + align - 1) / align * align;
}
