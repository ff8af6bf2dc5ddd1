using Weir.Kernels.Abi;
using Weir.Kernels.Ir;
using Weir.Kernels.Ptx;

namespace Weir.Kernels.Lowering;

/// <summary>
/// Calls: the function's body is put in place of the call, its parameters are the caller's. A call through a pointer compares it
/// with all functions of the module that it may hold.
/// </summary>
internal sealed class CallLowering(
    IrBuilder builder,
    ModuleNames module,
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
            Indirect(IrOperand.Register(meaning.Index), results, arguments, guard, uniform);
            return;
        }

        if (meaning.Kind != NameKind.Function)
        {
            throw Wrong($"'{name.Name}' is no function");
        }

        Direct(meaning.Function!, results, arguments, guard, uniform);
    }

    private void Indirect(
        IrOperand pointer,
        IReadOnlyList<PtxOperand> results,
        IReadOnlyList<PtxOperand> arguments,
        IrOperand guard,
        bool uniform
    )
    {
        if (builder.Registers[pointer.Index].Bits != 64)
        {
            throw Wrong("a pointer to a function has 64 bits");
        }

        var done = builder.NewLabel();
        if (!guard.IsNone)
        {
            Skip(guard, done, uniform);
        }

        foreach (var function in module.Taken.Where(function => Fits(function, results, arguments)))
        {
            var next = builder.NewLabel();
            var predicate = builder.Temporary(IrType.Pred);
            builder.Emit(
                new IrInstruction
                {
                    Op = IrOp.SetP,
                    Type = IrType.U64,
                    DestType = IrType.Pred,
                    Compare = IrCompare.Eq,
                    Dests = [predicate],
                    Sources = [pointer, IrOperand.Immediate(FunctionHandle.Of(function.Name))],
                    Line = instruction.Line,
                }
            );
            Skip(predicate, next, uniform: false);
            Direct(function, results, arguments, IrOperand.None, uniform: false);
            builder.Emit(
                new IrInstruction
                {
                    Op = IrOp.Bra,
                    Target = done,
                    Line = instruction.Line,
                }
            );
            builder.Place(next);
        }

        // A pointer to nothing of this shape: as on a GPU, the kernel does not go on.
        builder.Emit(new IrInstruction { Op = IrOp.Trap, Line = instruction.Line });
        builder.Place(done);
    }

    private bool Fits(PtxFunction function, IReadOnlyList<PtxOperand> results, IReadOnlyList<PtxOperand> arguments) =>
        function.Returns.Count == results.Count
        && function.Parameters.Count == arguments.Count
        && function.Returns.Zip(results).All(pair => Fits(pair.First, pair.Second))
        && function.Parameters.Zip(arguments).All(pair => Fits(pair.First, pair.Second));

    private bool Fits(PtxFormal formal, PtxOperand actual) =>
        !actual.IsPlainName
        || operands.Find(actual.Name) switch
        {
            { Kind: NameKind.Symbol } meaning => !formal.IsRegister
                && builder.Symbols[meaning.Index].SizeBytes == formal.SizeBytes,
            { Kind: NameKind.Register } meaning => builder.Registers[meaning.Index].Bits >= IrTypes.Bits(formal.Type),
            _ => false,
        };

    // Branches where the predicate does not hold.
    private void Skip(IrOperand predicate, int target, bool uniform) =>
        builder.Emit(
            new IrInstruction
            {
                Op = IrOp.Bra,
                Guard = predicate with { Negated = !predicate.Negated },
                Target = target,
                Uniform = uniform,
                Line = instruction.Line,
            }
        );

    private void Direct(
        PtxFunction function,
        IReadOnlyList<PtxOperand> results,
        IReadOnlyList<PtxOperand> arguments,
        IrOperand guard,
        bool uniform
    )
    {
        if (!function.HasBody && SystemServices.Find(function.Name) is { } service)
        {
            Service(service, function, results, arguments, guard);
            return;
        }

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
            Skip(guard, after, uniform);
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

    // A function that the device itself has.
    private void Service(
        SystemService service,
        PtxFunction function,
        IReadOnlyList<PtxOperand> results,
        IReadOnlyList<PtxOperand> arguments,
        IrOperand guard
    )
    {
        var (parameters, answers) = SystemServices.Shape(service);
        if (
            results.Count != function.Returns.Count
            || arguments.Count != function.Parameters.Count
            || arguments.Count != parameters
            || results.Count != answers
        )
        {
            throw Wrong($"the call does not fit '{function.Name}'");
        }

        List<IrOperand> sources = [];
        for (var i = 0; i < Math.Min(arguments.Count, SystemServices.MaxArguments); i++)
        {
            sources.Add(Argument(arguments[i], function.Parameters[i]));
        }

        var answer = results.Count == 0 ? IrOperand.None : builder.Temporary(function.Returns[0].Type);
        builder.Emit(
            new IrInstruction
            {
                Op = IrOp.System,
                Service = service,
                Guard = guard,
                Dests = results.Count == 0 ? [] : [answer],
                Sources = sources,
                Line = instruction.Line,
            }
        );
        if (results.Count == 0)
        {
            return;
        }

        if (operands.Find(results[0].Name) is { Kind: NameKind.Symbol } meaning)
        {
            builder.Emit(
                ParameterAccess(IrOp.St, function.Returns[0], meaning.Index) with
                {
                    Sources = [answer],
                    Guard = guard,
                }
            );
            return;
        }

        builder.Emit(
            new IrInstruction
            {
                Op = IrOp.Mov,
                Type = function.Returns[0].Type,
                Dests = [operands.Dest(results[0], function.Returns[0].Type, false)],
                Sources = [answer],
                Guard = guard,
                Line = instruction.Line,
            }
        );
    }

    private IrOperand Argument(PtxOperand actual, PtxFormal formal)
    {
        if (!actual.IsPlainName || operands.Find(actual.Name) is not { Kind: NameKind.Symbol } meaning)
        {
            return operands.Source(actual, formal.Type, false);
        }

        var value = builder.Temporary(formal.Type);
        builder.Emit(ParameterAccess(IrOp.Ld, formal, meaning.Index) with { Dests = [value] });
        return value;
    }

    private IrInstruction ParameterAccess(IrOp op, PtxFormal formal, int symbol) =>
        builder.Symbols[symbol] is { IsCallParameter: true } variable
        && variable.SizeBytes * 8 == IrTypes.Bits(formal.Type)
            ? new IrInstruction
            {
                Op = op,
                Type = formal.Type,
                Space = IrSpace.Local,
                Address = IrOperand.Symbol(symbol),
                Line = instruction.Line,
            }
            : throw Wrong($"'{builder.Symbols[symbol].Name}' does not fit parameter '{formal.Name}'");

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
            // The prototype says what the operands say already.
            at++;
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
