using Weir.Kernels.Ir;
using Weir.Kernels.Ptx;

namespace Weir.Kernels.Lowering;

/// <summary>
/// Turns parameters of inlined calls into registers. A parameter stays in local memory only when its address is
/// taken or its accesses overlap without being the same.
/// </summary>
internal static class CallParameterPromotion
{
    /// <summary>Rewrites the operations of a kernel.</summary>
    public static void Run(IrBuilder builder)
    {
        var pieces = new Dictionary<int, SortedDictionary<long, int>>();
        for (var i = 0; i < builder.Symbols.Count; i++)
        {
            if (builder.Symbols[i].IsCallParameter)
            {
                pieces.Add(i, []);
            }
        }

        if (pieces.Count == 0)
        {
            return;
        }

        foreach (var instruction in builder.Code)
        {
            Collect(builder, instruction, pieces);
        }

        var registers = new Dictionary<(int Symbol, long Offset), IrOperand>();
        foreach (var (symbol, parts) in pieces)
        {
            builder.Symbols[symbol].IsGone = true;
            foreach (var (offset, bytes) in parts)
            {
                var type = PtxTypes.Untyped(bytes * 8);
                registers.Add(
                    (symbol, offset),
                    IrOperand.Register(builder.NewRegister($"{builder.Symbols[symbol].Name}+{offset}", type))
                );
            }
        }

        Rewrite(builder, pieces, registers);
    }

    // Learns the pieces that an operation accesses; forgets symbols that must stay in memory.
    private static void Collect(
        IrBuilder builder,
        IrInstruction instruction,
        Dictionary<int, SortedDictionary<long, int>> pieces
    )
    {
        foreach (var source in instruction.Sources)
        {
            if (source.Kind == IrOperandKind.Symbol)
            {
                pieces.Remove(source.Index);
            }
        }

        if (
            instruction.Address.Kind != IrOperandKind.Symbol
            || !pieces.TryGetValue(instruction.Address.Index, out var parts)
        )
        {
            return;
        }

        var bytes = IrTypes.Bits(instruction.Type) / 8;
        var count = instruction.Op == IrOp.Ld ? instruction.Dests.Count : instruction.Sources.Count;
        var size = builder.Symbols[instruction.Address.Index].SizeBytes;
        for (var i = 0; i < count; i++)
        {
            var offset = instruction.AddressOffset + (long)i * bytes;
            if (offset < 0 || offset > size - bytes)
            {
                throw new PtxException(
                    $"an access outside of '{builder.Symbols[instruction.Address.Index].Name}'",
                    instruction.Line
                );
            }

            if (instruction.Op is not (IrOp.Ld or IrOp.St) || instruction.Flag || Overlaps(parts, offset, bytes))
            {
                pieces.Remove(instruction.Address.Index);
                return;
            }

            parts[offset] = bytes;
        }
    }

    private static bool Overlaps(SortedDictionary<long, int> parts, long offset, int bytes)
    {
        if (parts.TryGetValue(offset, out var known))
        {
            return known != bytes;
        }

        foreach (var (other, length) in parts)
        {
            if (other >= offset + bytes)
            {
                break;
            }

            if (offset < other + length)
            {
                return true;
            }
        }

        return false;
    }

    private static void Rewrite(
        IrBuilder builder,
        Dictionary<int, SortedDictionary<long, int>> pieces,
        Dictionary<(int Symbol, long Offset), IrOperand> registers
    )
    {
        var old = builder.Code.ToArray();
        var place = new int[old.Length + 1];
        builder.Code.Clear();
        for (var i = 0; i < old.Length; i++)
        {
            place[i] = builder.Code.Count;
            var instruction = old[i];
            if (instruction.Address.Kind != IrOperandKind.Symbol || !pieces.ContainsKey(instruction.Address.Index))
            {
                builder.Emit(instruction);
                continue;
            }

            var bytes = IrTypes.Bits(instruction.Type) / 8;
            var load = instruction.Op == IrOp.Ld;
            var values = load ? instruction.Dests : instruction.Sources;
            for (var n = 0; n < values.Count; n++)
            {
                var register = registers[(instruction.Address.Index, instruction.AddressOffset + (long)n * bytes)];
                if (!values[n].IsNone)
                {
                    builder.Emit(
                        load
                            ? Load(builder, instruction, values[n], register)
                            : Store(builder, instruction, register, values[n])
                    );
                }
            }
        }

        place[old.Length] = builder.Code.Count;
        builder.MoveLabels(place);
    }

    // A load into a wider register extends by the type of the load.
    private static IrInstruction Load(IrBuilder builder, IrInstruction load, IrOperand to, IrOperand from)
    {
        var wide = builder.Registers[to.Index].Bits;
        return Copy(
            load,
            to,
            from,
            wide == IrTypes.Bits(load.Type) ? IrType.None : Integer(wide, IrTypes.IsSigned(load.Type)),
            Integer(IrTypes.Bits(load.Type), IrTypes.IsSigned(load.Type))
        );
    }

    // A store from a wider register takes its low bits.
    private static IrInstruction Store(IrBuilder builder, IrInstruction store, IrOperand to, IrOperand from)
    {
        var bits = IrTypes.Bits(store.Type);
        var narrow = from.IsRegister && builder.Registers[from.Index].Bits != bits;
        return Copy(
            store,
            to,
            from,
            narrow ? Integer(bits, false) : IrType.None,
            narrow ? Integer(builder.Registers[from.Index].Bits, false) : IrType.None
        );
    }

    private static IrInstruction Copy(
        IrInstruction access,
        IrOperand to,
        IrOperand from,
        IrType convertTo,
        IrType convertFrom
    ) =>
        new()
        {
            Op = convertTo == IrType.None ? IrOp.Mov : IrOp.Cvt,
            Type = convertTo == IrType.None ? PtxTypes.Untyped(IrTypes.Bits(access.Type)) : convertFrom,
            DestType = convertTo,
            Dests = [to],
            Sources = [from],
            Guard = access.Guard,
            Line = access.Line,
        };

    private static IrType Integer(int bits, bool signed) =>
        (bits, signed) switch
        {
            (8, false) => IrType.U8,
            (8, true) => IrType.S8,
            (16, false) => IrType.U16,
            (16, true) => IrType.S16,
            (32, false) => IrType.U32,
            (32, true) => IrType.S32,
            (64, false) => IrType.U64,
            _ => IrType.S64,
        };
}
