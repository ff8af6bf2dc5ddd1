namespace Weir.Oracle;

/// <summary>Branches, calls and ends. The runner has moved the program counter on before a step runs.</summary>
internal static class ControlInstructions
{
    public static Step Bind(Instruction at, Binding binding)
    {
        switch (at.Name)
        {
            case "bra":
                Binding.Allow(at, "uni");
                var target = Position(at, at.Operands[0]);
                return lane => lane.Frame.Pc = target;
            case "brx":
                Binding.Allow(at, "idx", "uni");
                return BindIndexed(at, binding);
            case "call":
                Binding.Allow(at, "uni");
                return BindCall(at, binding);
            case "ret":
                Binding.Allow(at, "uni");
                return Return;
            case "exit":
                return lane => lane.Exited = true;
            case "trap":
                return _ => throw new OracleFault(OracleFaultKind.Trap, "trap");
            default:
                return _ => { }; // fences, prefetches, nanosleep, pmevent: one thread runs at a time
        }
    }

    public static void Return(Lane lane)
    {
        var done = lane.Frame;
        if (done.Caller is null)
        {
            lane.Exited = true;
            return;
        }
        done.Returning?.Invoke(lane);
        lane.Frame = done.Caller;
    }

    private static int Position(Instruction at, Operand operand) =>
        operand is NameOperand name && name.Scope.Find(name.Name) is Label label
            ? label.Position
            : throw at.Unknown("label is missing");

    private static Step BindIndexed(Instruction at, Binding binding)
    {
        var index = binding.Source(at, 0, PtxType.U32);
        if (at.Operands[1] is not NameOperand list || list.Scope.Find(list.Name) is not BranchTargets targets)
        {
            throw at.Unknown("list of targets is missing");
        }
        var positions = targets.Labels.Select(l => Position(at, new NameOperand(l, list.Scope))).ToArray();
        return lane =>
        {
            var i = index(lane);
            if (i >= (ulong)positions.Length)
            {
                throw new OracleFault(OracleFaultKind.Trap, $"index {i} of {positions.Length} branch targets");
            }
            lane.Frame.Pc = positions[i];
        };
    }

    private static Step BindCall(Instruction at, Binding binding)
    {
        var operands = at.Operands;
        var results = operands[0] is ListOperand first ? first.Items : [];
        var calleeIndex = operands[0] is ListOperand ? 1 : 0;
        var arguments =
            operands.Count > calleeIndex + 1 && operands[calleeIndex + 1] is ListOperand list ? list.Items : [];
        if (operands[calleeIndex] is NameOperand name)
        {
            var callee = binding.Module.FunctionNamed(name.Name) ?? throw at.Unknown($"{name.Name} has no body");
            return Call(at, binding, callee, arguments, results);
        }
        var handle = binding.Source(at, calleeIndex, PtxType.U64);
        var known = new Dictionary<Function, Step>();
        return lane =>
        {
            var callee = binding.Module.FunctionOf(handle(lane));
            if (!known.TryGetValue(callee, out var step))
            {
                known[callee] = step = Call(at, binding, callee, arguments, results);
            }
            step(lane);
        };
    }

    private static Step Call(
        Instruction at,
        Binding binding,
        Function callee,
        IReadOnlyList<Operand> arguments,
        IReadOnlyList<Operand> results
    )
    {
        if (arguments.Count != callee.Parameters.Count || results.Count != callee.Results.Count)
        {
            throw at.Unknown(
                $"{callee.Name} has {callee.Parameters.Count} parameters and {callee.Results.Count} results"
            );
        }
        return lane =>
        {
            var caller = lane.Frame;
            var localBase = (int)Declaration.Align((ulong)lane.LocalTop, 16);
            var frame = new Frame(callee, localBase, caller)
            {
                Returning = returning =>
                {
                    for (var i = 0; i < results.Count; i++)
                    {
                        Pass(
                            returning,
                            at,
                            binding,
                            callee.Results[i],
                            returning.Frame,
                            results[i],
                            caller,
                            back: true
                        );
                    }
                },
            };
            lane.GrowLocal(localBase + callee.FrameBytes);
            for (var i = 0; i < arguments.Count; i++)
            {
                Pass(lane, at, binding, callee.Parameters[i], frame, arguments[i], caller, back: false);
            }
            lane.Frame = frame;
        };
    }

    /// <summary>Carries one value between a callee's parameter and the caller's operand.</summary>
    private static void Pass(
        Lane lane,
        Instruction at,
        Binding binding,
        Variable formal,
        Frame callee,
        Operand actual,
        Frame caller,
        bool back
    )
    {
        if (formal.Register is { } register)
        {
            // Operands of register parameters are values in the caller's frame.
            var running = lane.Frame;
            lane.Frame = caller;
            if (back)
            {
                Binding.Write(actual, register.Type, at)(lane, callee.Registers[register.Index]);
            }
            else
            {
                callee.Registers[register.Index] = binding.Read(actual, register.Type, at)(lane);
            }
            lane.Frame = running;
            return;
        }
        if (actual is not VariableOperand { Variable: { Space: "param" } variable })
        {
            throw at.Unknown("argument is no .param variable");
        }
        var inside = lane.Local.AsSpan(callee.LocalBase + (int)formal.Address, formal.SizeBytes);
        var outside = lane.Local.AsSpan(caller.LocalBase + (int)variable.Address, formal.SizeBytes);
        if (back)
        {
            inside.CopyTo(outside);
        }
        else
        {
            outside.CopyTo(inside);
        }
    }
}
