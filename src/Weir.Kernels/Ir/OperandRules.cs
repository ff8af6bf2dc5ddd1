namespace Weir.Kernels.Ir;

/// <summary>Widths, counts and kinds of the operands of one operation.</summary>
internal readonly ref struct OperandRules(IrFunction function, IrInstruction instruction)
{
    /// <summary>Throws when a rule is broken.</summary>
    public void Check()
    {
        Kinds();
        var type = Bits(instruction.Type);
        var result = instruction.DestType == IrType.None ? type : Bits(instruction.DestType);
        switch (instruction.Op)
        {
            case IrOp.Mov:
                Shape(1, 1);
                Dest(0, type);
                Source(0, type);
                break;
            case IrOp.Pack:
                Shape(1, -1);
                Each(instruction.Sources, type);
                Dest(0, type * instruction.Sources.Count);
                break;
            case IrOp.Unpack:
                Shape(-1, 1);
                Each(instruction.Dests, result);
                Source(0, result * instruction.Dests.Count);
                break;
            case IrOp.Cvt when IrTypes.IsPacked(instruction.DestType):
                Shape(1, 2);
                Dest(0, 32);
                Each(instruction.Sources, type);
                break;
            case IrOp.Cvt:
                Shape(1, 1);
                Wide(instruction.Dests, result);
                Wide(instruction.Sources, type);
                break;
            case IrOp.Ld:
                Shape(-1, 0);
                Wide(instruction.Dests, type);
                break;
            case IrOp.St:
                Shape(0, -1);
                Wide(instruction.Sources, type);
                break;
            case IrOp.Shl or IrOp.Shr:
                Shape(1, 2);
                Dest(0, type);
                Source(0, type);
                Source(1, 32);
                break;
            case IrOp.Mul or IrOp.Mad when instruction.Part == IrPart.Wide:
                Shape(1, instruction.Op == IrOp.Mul ? 2 : 3);
                Dest(0, type * 2);
                Source(0, type);
                Source(1, type);
                if (instruction.Op == IrOp.Mad)
                {
                    Source(2, type * 2);
                }

                break;
            case IrOp.SetP or IrOp.Set:
                if (instruction.Sources.Count is not (2 or 3) || instruction.Dests.Count is < 1 or > 2)
                {
                    throw Wrong("it has an operand too many or too few");
                }

                Each(instruction.Dests, instruction.Op == IrOp.SetP ? 1 : result);
                Source(0, type);
                Source(1, type);
                if (instruction.Sources.Count == 3)
                {
                    Source(2, 1);
                }

                break;
            case IrOp.SelP:
                Shape(1, 3);
                Dest(0, type);
                Source(0, type);
                Source(1, type);
                Source(2, 1);
                break;
            case IrOp.Bra or IrOp.Ret or IrOp.Exit or IrOp.Trap or IrOp.MemBar:
                Shape(0, 0);
                break;
            case IrOp.Add
            or IrOp.Sub
            or IrOp.Div
            or IrOp.Rem
            or IrOp.Min
            or IrOp.Max
            or IrOp.And
            or IrOp.Or
            or IrOp.Xor
            or IrOp.Mul:
                Shape(1, 2);
                Dest(0, type);
                Each(instruction.Sources, type);
                break;
            case IrOp.Mad or IrOp.Fma:
                Shape(1, 3);
                Dest(0, type);
                Each(instruction.Sources, type);
                break;
            case IrOp.Abs or IrOp.Neg or IrOp.Not or IrOp.CNot:
                Shape(1, 1);
                Dest(0, type);
                Source(0, type);
                break;
        }

        Memory();
    }

    private void Kinds()
    {
        foreach (var dest in instruction.Dests)
        {
            if (dest.Kind is not (IrOperandKind.Register or IrOperandKind.None) || dest.Negated)
            {
                throw Wrong("a result is no register");
            }

            Number(dest);
        }

        foreach (var source in instruction.Sources)
        {
            var fits = source.Kind switch
            {
                IrOperandKind.Register or IrOperandKind.Immediate => true,
                IrOperandKind.Special or IrOperandKind.Symbol => instruction.Op == IrOp.Mov,
                _ => false,
            };
            if (!fits)
            {
                throw Wrong("a source is of a kind that it cannot read");
            }

            if (source.Negated && (source.Kind != IrOperandKind.Register || Width(source) != 1))
            {
                throw Wrong("what is negated is no predicate");
            }

            Number(source);
        }

        Number(instruction.Guard);
        if (!instruction.Guard.IsNone && (!instruction.Guard.IsRegister || Width(instruction.Guard) != 1))
        {
            // A constant guard is lowered away by whoever makes the function.
            throw Wrong("the guard is no predicate");
        }
    }

    private void Memory()
    {
        var access = instruction.Op is IrOp.Ld or IrOp.St or IrOp.Atom or IrOp.Red;
        if (access != !instruction.Address.IsNone)
        {
            throw Wrong(access ? "it has no address" : "it has an address");
        }

        Number(instruction.Address);
        if (instruction.Address.IsRegister && Width(instruction.Address) is not (32 or 64))
        {
            throw Wrong("the address is no address");
        }

        if (
            instruction.Address.Kind == IrOperandKind.Symbol
            && function.Symbols[instruction.Address.Index].Space != instruction.Space
        )
        {
            throw Wrong("the variable is in another space");
        }

        if (access && instruction.Space == IrSpace.Param && !instruction.Address.IsRegister)
        {
            // Parameters are read where the caller put them: nothing else bounds an access whose place is known.
            var symbol =
                instruction.Address.Kind == IrOperandKind.Symbol
                    ? function.Symbols[instruction.Address.Index].Offset
                    : 0;
            var start = symbol + (Int128)instruction.Address.Bits + instruction.AddressOffset;
            var bytes = Bits(instruction.Type) / 8 * Math.Max(instruction.Dests.Count, instruction.Sources.Count);
            if (start < 0 || start + bytes > function.ParameterBytes)
            {
                throw new PtxException("an access outside of the kernel's parameters", instruction.Line);
            }
        }
    }

    private void Number(IrOperand operand)
    {
        var limit = operand.Kind switch
        {
            IrOperandKind.Register => function.Registers.Count,
            IrOperandKind.Symbol => function.Symbols.Count,
            IrOperandKind.Special => (int)IrSpecial.TotalSharedSize + 1,
            _ => int.MaxValue,
        };
        if (operand.Index < 0 || operand.Index >= limit)
        {
            throw Wrong("an operand is out of range");
        }
    }

    private void Shape(int dests, int sources)
    {
        if ((dests >= 0 && instruction.Dests.Count != dests) || (sources >= 0 && instruction.Sources.Count != sources))
        {
            throw Wrong("it has an operand too many or too few");
        }
    }

    private void Dest(int index, int bits) => Is(instruction.Dests[index], bits, false);

    private void Source(int index, int bits) => Is(instruction.Sources[index], bits, false);

    private void Each(IReadOnlyList<IrOperand> operands, int bits)
    {
        foreach (var operand in operands)
        {
            Is(operand, bits, false);
        }
    }

    private void Wide(IReadOnlyList<IrOperand> operands, int bits)
    {
        foreach (var operand in operands)
        {
            Is(operand, bits, true);
        }
    }

    private void Is(IrOperand operand, int bits, bool wider)
    {
        if (operand.IsRegister && Width(operand) != bits && !(wider && Width(operand) > bits))
        {
            throw Wrong(
                $"register '{function.Registers[operand.Index].Name}' has {Width(operand)} bits, {bits} are needed"
            );
        }

        if (operand.Kind == IrOperandKind.Immediate && bits < 64 && operand.Bits >> bits != 0)
        {
            throw Wrong($"an immediate has more than {bits} bits");
        }
    }

    private int Width(IrOperand operand) => function.Registers[operand.Index].Bits;

    private static int Bits(IrType type) => IrTypes.Bits(type);

    private PtxException Wrong(string reason) =>
        new($"invalid intermediate form of {instruction.Op}: {reason}", instruction.Line);
}
