using Weir.Kernels.Ir;
using Weir.Kernels.Ptx;

namespace Weir.Kernels.Lowering;

/// <summary>Lowers the statements of a body, scope by scope.</summary>
internal sealed class BodyLowering(IrBuilder builder, ModuleNames module, Func<PtxFunction, PtxBlock> parse)
{
    /// <summary>Lowers a block of an instance of a function in a new scope.</summary>
    public void Block(PtxBlock block, NameScope? outer, CallFrame frame)
    {
        var scope = new NameScope(outer, builder);

        // Labels may be named before they stand.
        foreach (var statement in block.Statements)
        {
            switch (statement)
            {
                case PtxLabel label:
                    scope.Declare(label.Name, new NameMeaning(NameKind.Label, builder.NewLabel()), label.Line);
                    break;
                case PtxBranchTargets targets:
                    scope.Declare(
                        targets.Name,
                        new NameMeaning(NameKind.BranchTable, Labels: targets.Labels),
                        targets.Line
                    );
                    break;
                case PtxCallPrototype prototype:
                    scope.Declare(prototype.Name, new NameMeaning(NameKind.Prototype), prototype.Line);
                    break;
            }
        }

        foreach (var statement in block.Statements)
        {
            switch (statement)
            {
                case PtxBlock inner:
                    Block(inner, scope, frame);
                    break;
                case PtxLabel label:
                    builder.Place(scope.Find(label.Name).Index);
                    break;
                case PtxRegisters registers:
                    scope.Declare(registers);
                    break;
                case PtxLocalVariable variable:
                    Declare(variable.Declaration, scope, frame);
                    break;
                case PtxInstruction instruction:
                    Instruction(instruction, scope, frame);
                    break;
            }
        }
    }

    /// <summary>Lowers a called function's body in place.</summary>
    public void Inline(CallFrame frame, NameScope formals) => Block(parse(frame.Function), formals, frame);

    private void Declare(PtxDeclaration declaration, NameScope scope, CallFrame frame)
    {
        int symbol;
        if (declaration.Space is "local" or "param")
        {
            if (declaration.SizeBytes < 0 || declaration.IsOpaque)
            {
                throw new PtxException($"'{declaration.Name}' has no size", declaration.Line);
            }

            symbol = builder.NewSymbol(
                new BuilderSymbol
                {
                    Name = declaration.Name,
                    Space = IrSpace.Local,
                    SizeBytes = declaration.SizeBytes,
                    AlignBytes = declaration.AlignBytes,
                    Frame = frame,
                    IsCallParameter = declaration.Space == "param",
                }
            );
        }
        else
        {
            symbol = module.BodyVariable(declaration, frame.Function);
        }

        scope.Declare(declaration.Name, new NameMeaning(NameKind.Symbol, symbol), declaration.Line);
    }

    private void Instruction(PtxInstruction instruction, NameScope scope, CallFrame frame)
    {
        try
        {
            var lowering = new InstructionLowering(builder, module, this, scope, frame, instruction);
            lowering.Lower();
        }
        catch (PtxException e) when (e.Line == instruction.Line && e.Data["instruction"] is null)
        {
            var prefix = $"line {e.Line}: ";
            var reason = e.Message.StartsWith(prefix, StringComparison.Ordinal)
                ? e.Message[prefix.Length..]
                : e.Message;
            var better = new PtxException($"{instruction.Mnemonic}: {reason}", e.Line, e.Unsupported);
            better.Data["instruction"] = instruction.Mnemonic;
            throw better;
        }
    }
}
