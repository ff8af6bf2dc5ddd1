using Weir.Kernels.Ir;
using Weir.Kernels.Ptx;

namespace Weir.Kernels.Lowering;

/// <summary>Calls: the function's body is put in place of the call, its parameters are the caller's.</summary>
internal sealed class CallLowering(
    IrBuilder builder,
    BodyLowering body,
    NameScope scope,
    CallFrame frame,
    PtxInstruction instruction,
    OperandLowering operands
)
{
    private const int MaxDepth = 64;

    /// <summary>Emits the body of the called function.</summary>
    public void Lower(IrOperand guard, bool uniform)
    {
        var (results, name, arguments) = Parts();
        var meaning = operands.Find(name.Name);
        if (meaning.Kind == NameKind.Register)
        {
            throw Unsupported("indirect calls are not supported");
        }

        if (meaning.Kind != NameKind.Function)
        {
            throw Wrong($"'{name.Name}' is no function");
        }

        var function = meaning.Function!;
        if (!function.HasBody)
        {
            throw Unsupported($"function '{function.Name}' has no body in this module");
        }

        if (function.Unsupported is { } directive)
        {
            throw Unsupported($"'{function.Name}' carries the unsupported directive {directive.Text}");
        }

        if (frame.IsActive(function))
        {
            throw Unsupported($"'{function.Name}' calls itself: recursion is not supported");
        }

        if (frame.Depth >= MaxDepth)
        {
            throw Unsupported($"calls are nested more than {MaxDepth} deep");
        }

        if (results.Count != function.Returns.Count || arguments.Count != function.Parameters.Count || function.IsEntry)
        {
            throw Wrong($"the call does not fit the declaration of '{function.Name}'");
        }

        var after = builder.NewLabel();
        if (!guard.IsNone)
        {
            builder.Emit(
                new IrInstruction
                {
                    Op = IrOp.Bra,
                    Guard = guard with { Negated = !guard.Negated },
                    Target = after,
                    Uniform = uniform,
                    Line = instruction.Line,
                }
            );
        }

        var callee = new CallFrame(function, frame) { ReturnLabel = after };
        var formals = new NameScope(null, builder);
        for (var i = 0; i < arguments.Count; i++)
        {
            Bind(function.Parameters[i], arguments[i], formals, callee, isResult: false);
        }

        var copies = new List<Action>();
        for (var i = 0; i < results.Count; i++)
        {
            if (Bind(function.Returns[i], results[i], formals, callee, isResult: true) is { } copy)
            {
                copies.Add(copy);
            }
        }

        // Results in registers are copied where the body ends, still under the guard.
        var done = copies.Count == 0 || guard.IsNone ? -1 : builder.NewLabel();
        if (done >= 0)
        {
            callee = new CallFrame(function, frame) { ReturnLabel = done };
        }

        body.Inline(callee, formals);
        if (done >= 0)
        {
            builder.Place(done);
            copies.ForEach(copy => copy());
            builder.Place(after);
        }
        else
        {
            builder.Place(after);
            copies.ForEach(copy => copy());
        }
    }

    // (results), name, (arguments), prototype
    private (IReadOnlyList<PtxOperand> Results, PtxOperand Name, IReadOnlyList<PtxOperand> Arguments) Parts()
    {
        var parts = instruction.Operands;
        IReadOnlyList<PtxOperand> results = [];
        var at = 0;
        if (parts.Count > 0 && parts[0].Kind == PtxOperandKind.List)
        {
            results = parts[at++].Items;
        }

        if (at >= parts.Count || !parts[at].IsPlainName)
        {
            throw Wrong("a function is expected");
        }

        var name = parts[at++];
        IReadOnlyList<PtxOperand> arguments = [];
        if (at < parts.Count && parts[at].Kind == PtxOperandKind.List)
        {
            arguments = parts[at++].Items;
        }

        if (at < parts.Count && parts[at].IsPlainName && scope.Find(parts[at].Name).Kind == NameKind.Prototype)
        {
            throw Unsupported("indirect calls are not supported");
        }

        return at == parts.Count ? (results, name, arguments) : throw Wrong("the call has operands too many");
    }

    // Gives a formal its meaning; for results in registers, what is left to do behind the body.
    private Action? Bind(PtxFormal formal, PtxOperand actual, NameScope formals, CallFrame callee, bool isResult)
    {
        var line = instruction.Line;
        var symbol =
            actual.IsPlainName && operands.Find(actual.Name) is { Kind: NameKind.Symbol } meaning ? meaning.Index : -1;
        if (formal.IsRegister)
        {
            var register = IrOperand.Register(builder.NewRegister(formal.Name, formal.Type));
            formals.Declare(formal.Name, new NameMeaning(NameKind.Register, register.Index), line);
            if (isResult)
            {
                var to = operands.Dest(actual, formal.Type, false);
                return () => builder.Move(formal.Type, to, register, line);
            }

            builder.Move(formal.Type, register, operands.Source(actual, formal.Type, false, inMove: true), line);
            return null;
        }

        if (symbol >= 0)
        {
            var variable = builder.Symbols[symbol];
            if (!variable.IsCallParameter || variable.SizeBytes != formal.SizeBytes)
            {
                throw Wrong($"'{actual.Name}' does not fit parameter '{formal.Name}' of '{callee.Function.Name}'");
            }

            if (formal.Name.Length > 0)
            {
                formals.Declare(formal.Name, new NameMeaning(NameKind.Symbol, symbol), line);
            }

            return null;
        }

        // A scalar parameter may be given by a register or a constant.
        if (formal.SizeBytes != Math.Max(8, IrTypes.Bits(formal.Type)) / 8)
        {
            throw Wrong($"parameter '{formal.Name}' of '{callee.Function.Name}' needs a .param variable");
        }

        symbol = builder.NewSymbol(
            new BuilderSymbol
            {
                Name = formal.Name,
                Space = IrSpace.Local,
                SizeBytes = formal.SizeBytes,
                AlignBytes = formal.AlignBytes,
                Frame = frame,
                IsCallParameter = true,
            }
        );
        formals.Declare(formal.Name, new NameMeaning(NameKind.Symbol, symbol), line);
        var access = new IrInstruction
        {
            Op = isResult ? IrOp.Ld : IrOp.St,
            Type = formal.Type,
            Space = IrSpace.Local,
            Address = IrOperand.Symbol(symbol),
            Line = line,
        };
        if (isResult)
        {
            var to = operands.Dest(actual, formal.Type, true);
            return () => builder.Emit(access with { Dests = [to] });
        }

        builder.Emit(access with { Sources = [operands.Source(actual, formal.Type, true)] });
        return null;
    }

    private PtxException Unsupported(string reason) => new(reason, instruction.Line, unsupported: true);

    private PtxException Wrong(string reason) => new(reason, instruction.Line);
}
