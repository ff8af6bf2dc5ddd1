using Weir.Kernels.Ir;
using Weir.Kernels.Ptx;

namespace Weir.Kernels.Lowering;

/// <summary>Lowers one instruction by the form that matches it.</summary>
internal sealed class InstructionLowering(
    IrBuilder builder,
    ModuleNames module,
    BodyLowering body,
    NameScope scope,
    CallFrame frame,
    PtxInstruction instruction
)
{
    private readonly OperandLowering _operands = new(builder, module, scope, frame, instruction.Line);

    /// <summary>Emits the operations of the instruction.</summary>
    public void Lower()
    {
        var guard = Guard();
        var forms = InstructionTable.Of(instruction.Opcode);
        var matched = false;
        PtxException? mismatch = null;
        foreach (var form in forms)
        {
            var values = form.Match(instruction.Modifiers);
            if (values is null)
            {
                continue;
            }

            matched = true;
            if (form.Rule is LoweringRule.Plain or LoweringRule.Nothing && !CountFits(form))
            {
                mismatch ??= Wrong($"{instruction.Operands.Count} operands, where '{form.Syntax}' is the form");
                continue;
            }

            Lower(form, values, guard);
            return;
        }

        throw matched
            ? mismatch!
            : new PtxException(
                forms.IsEmpty ? "unsupported instruction" : "unsupported combination of modifiers",
                instruction.Line,
                unsupported: true
            );
    }

    private bool CountFits(InstructionForm form)
    {
        var required = 0;
        foreach (var spec in form.Operands)
        {
            required += spec.Optional ? 0 : 1;
        }

        return instruction.Operands.Count >= required && instruction.Operands.Count <= form.Operands.Count;
    }

    private void Lower(InstructionForm form, string?[] values, IrOperand guard)
    {
        var result = new IrInstruction
        {
            Op = form.Op,
            Guard = guard,
            Line = instruction.Line,
        };
        var vector = 1;
        for (var i = 0; i < values.Length; i++)
        {
            if (values[i] is { } value)
            {
                result = ModifierSlots.Apply(result, form.Slots[i].Name, value);
                vector = form.Slots[i].Name == "vec" ? value[1] - '0' : vector;
            }
        }

        result = form.Fix?.Invoke(result) ?? result;
        switch (form.Rule)
        {
            case LoweringRule.Plain:
                result = Operands(form, result, vector);
                break;
            case LoweringRule.Nothing:
                // The operands are still checked.
                Operands(form, result, vector);
                return;
            case LoweringRule.Move:
                result = new MoveLowering(_operands, instruction).Lower(result);
                break;
            case LoweringRule.Branch:
                result = Branch(result);
                break;
            case LoweringRule.BranchIndexed:
                BranchIndexed(result);
                return;
            case LoweringRule.Return:
                RequireOperands(0);
                result = frame.ReturnLabel < 0 ? result : result with { Op = IrOp.Bra, Target = frame.ReturnLabel };
                break;
            case LoweringRule.Texture:
                result = new TextureLowering(_operands, instruction).Lower(result);
                break;
            case LoweringRule.AsyncCopy:
                new AsyncCopyLowering(builder, _operands, instruction).Lower(result);
                return;
            case LoweringRule.LoadMatrix:
                new MatrixLowering(builder, _operands, instruction).Load(result);
                return;
            case LoweringRule.MultiplyMatrix:
                result = new MatrixLowering(builder, _operands, instruction).Multiply(result);
                break;
            case LoweringRule.Call:
                new CallLowering(builder, module, body, scope, frame, instruction, _operands).Lower(
                    guard,
                    result.Uniform
                );
                return;
        }

        if (result is { Op: IrOp.Cvta or IrOp.IsSpacep, Space: IrSpace.Param } && !frame.Function.IsEntry)
        {
            // A function's own parameters are in local memory or registers; a kernel's have no name here.
            throw new PtxException(
                "parameters of functions have no generic address",
                instruction.Line,
                unsupported: true
            );
        }

        if (form.Check?.Invoke(result) is { } reason)
        {
            throw Wrong(reason);
        }

        if (form.Missing?.Invoke(result) is { } missing)
        {
            throw new PtxException(missing, instruction.Line, unsupported: true);
        }

        builder.Emit(result);
    }

    private IrOperand Guard()
    {
        if (instruction.Guard is null)
        {
            return IrOperand.None;
        }

        return _operands.Predicate(new PtxOperand(PtxOperandKind.Name, instruction.Guard, 0, instruction.GuardNegated));
    }

    private IrInstruction Operands(InstructionForm form, IrInstruction result, int vector)
    {
        List<IrOperand> dests = [];
        List<IrOperand> sources = [];
        for (var i = 0; i < instruction.Operands.Count; i++)
        {
            var (spec, operand) = (form.Operands[i], instruction.Operands[i]);
            var type = spec.Resolve(result);
            if (dests.Count == 0 && spec.IsDest && spec.Role != OperandRole.DestVector && type != result.Type)
            {
                result = result with { DestType = type };
            }

            switch (spec.Role)
            {
                case OperandRole.Dest:
                    dests.Add(_operands.Dest(operand, type, spec.Wider));
                    break;
                case OperandRole.DestPair:
                    var pair = operand.Kind == PtxOperandKind.Pair;
                    dests.Add(_operands.Dest(pair ? operand.Items[0] : operand, type, spec.Wider));
                    if (pair)
                    {
                        dests.Add(_operands.Dest(operand.Items[1], IrType.Pred, false));
                    }

                    break;
                case OperandRole.DestVector:
                    dests.AddRange(Vector(operand, vector).Select(o => _operands.Dest(o, type, spec.Wider)));
                    break;
                case OperandRole.Source:
                    sources.Add(_operands.Source(operand, type, spec.Wider));
                    break;
                case OperandRole.Predicate:
                    sources.Add(_operands.Predicate(operand));
                    break;
                case OperandRole.SourceVector:
                    sources.AddRange(Vector(operand, vector).Select(o => _operands.Source(o, type, spec.Wider)));
                    break;
                case OperandRole.Constant:
                    sources.Add(
                        operand.Kind == PtxOperandKind.Integer
                            ? IrOperand.Immediate(operand.Bits)
                            : throw Wrong("a constant is expected")
                    );
                    break;
                case OperandRole.Address:
                    var (@base, offset, space) = _operands.Address(operand, result.Space);
                    result = result with { Address = @base, AddressOffset = offset, Space = space };
                    break;
                default:
                    throw new InvalidOperationException($"'{form.Syntax}' has an operand that only its rule can read");
            }
        }

        return result with
        {
            Dests = dests,
            Sources = sources,
        };
    }

    private IReadOnlyList<PtxOperand> Vector(PtxOperand operand, int count)
    {
        if (operand.Kind == PtxOperandKind.Vector)
        {
            return operand.Items.Count == count
                ? operand.Items
                : throw Wrong($"{operand.Items.Count} elements, where {count} are needed");
        }

        return count == 1 ? [operand] : throw Wrong($"a vector of {count} elements in braces is expected");
    }

    private IrInstruction Branch(IrInstruction result)
    {
        RequireOperands(1);
        return result with { Target = Label(instruction.Operands[0]) };
    }

    // A table becomes a tree of comparisons: what is in a warp's index is rarely the same, so a jump would not be faster.
    private void BranchIndexed(IrInstruction branch)
    {
        RequireOperands(2);
        var table = scope.Find(instruction.Operands[1].Name);
        if (instruction.Operands[1].Kind != PtxOperandKind.Name || table.Kind != NameKind.BranchTable)
        {
            throw Wrong("the second operand is no .branchtargets list");
        }

        var targets = table.Labels!.Select(name => Label(new PtxOperand(PtxOperandKind.Name, name))).ToArray();
        var index = _operands.Source(instruction.Operands[0], IrType.U32, false);
        var after = -1;
        if (!branch.Guard.IsNone)
        {
            after = builder.NewLabel();
            builder.Emit(branch with { Guard = branch.Guard with { Negated = !branch.Guard.Negated }, Target = after });
        }

        Decide(branch with { Guard = IrOperand.None }, index, targets, 0, targets.Length);
        if (after >= 0)
        {
            builder.Place(after);
        }
    }

    // Branches to the targets of the indices from first to end; an index beyond the table (undefined) takes the last.
    private void Decide(IrInstruction branch, IrOperand index, int[] targets, int first, int end)
    {
        if (targets.AsSpan(first, end - first).IndexOfAnyExcept(targets[first]) < 0)
        {
            builder.Emit(branch with { Target = targets[first] });
            return;
        }

        var middle = (first + end) / 2;
        var (below, predicate) = (builder.NewLabel(), builder.Temporary(IrType.Pred));
        builder.Emit(
            new IrInstruction
            {
                Op = IrOp.SetP,
                Type = IrType.U32,
                DestType = IrType.Pred,
                Compare = IrCompare.Lt,
                Dests = [predicate],
                Sources = [index, IrOperand.Immediate((ulong)middle)],
                Line = instruction.Line,
            }
        );
        builder.Emit(branch with { Guard = predicate, Target = below });
        Decide(branch, index, targets, middle, end);
        builder.Place(below);
        Decide(branch, index, targets, first, middle);
    }

    private int Label(PtxOperand operand)
    {
        var meaning = operand.IsPlainName ? scope.Find(operand.Name) : default;
        return meaning.Kind == NameKind.Label
            ? meaning.Index
            : throw Wrong($"'{operand.Name}' is no label that can be reached from here");
    }

    private void RequireOperands(int count)
    {
        if (instruction.Operands.Count != count)
        {
            throw Wrong($"{instruction.Operands.Count} operands, where {count} are needed");
        }
    }

    private PtxException Wrong(string reason) => new(reason, instruction.Line);
}
