using Weir.Kernels.Ir;

namespace Weir.Kernels.Analysis;

/// <summary>
/// Registers that are written once, from nothing but constants, parameters, the thread's place and each other. They need not
/// be kept across a barrier: computing them again costs less, and a branch on one is decided by the place of its warp.
/// </summary>
internal sealed class StableValues
{
    private readonly IrInstruction?[] _definitions;

    private StableValues(IrInstruction?[] definitions) => _definitions = definitions;

    /// <summary>The one operation that writes the register; null when its value is not of this kind.</summary>
    public IrInstruction? Definition(int register) => _definitions[register];

    /// <summary>Finds them.</summary>
    /// <param name="function">The kernel.</param>
    /// <param name="flow">Its pieces.</param>
    /// <param name="liveness">Of its registers.</param>
    /// <param name="shapes">Shapes of its registers in a warp.</param>
    /// <param name="breaks">Also those whose lanes may wrap; where they do costs a division to find.</param>
    public static StableValues Find(
        IrFunction function,
        ControlFlow flow,
        Liveness liveness,
        Shape[] shapes,
        bool breaks = false
    )
    {
        int count = function.Registers.Count;
        IrInstruction?[] definitions = new IrInstruction?[count];
        int[] writes = new int[count];
        foreach (IrInstruction instruction in flow.Nodes.SelectMany(node => node.Instructions))
        {
            foreach (IrOperand dest in instruction.Dests)
            {
                if (dest.IsRegister)
                {
                    writes[dest.Index]++;
                    definitions[dest.Index] = instruction;
                }
            }
        }
        for (int r = 0; r < count; r++)
        {
            // What may be read before it is written has two values: zero, and what is written.
            if (
                definitions[r] is not { } definition
                || writes[r] != 1
                || liveness.LiveIn[0].Contains(r)
                || !IsSimple(definition)
                || (shapes[r].IsVarying && definition.Op != IrOp.SetP)
                || (shapes[r].Breaks && !breaks)
            )
            {
                definitions[r] = null;
            }
        }
        bool changed = true;
        while (changed)
        {
            changed = false;
            for (int r = 0; r < count; r++)
            {
                if (
                    definitions[r] is { } definition
                    && !definition.Sources.All(source => IsStable(source, definitions))
                )
                {
                    definitions[r] = null;
                    changed = true;
                }
            }
        }
        return new StableValues(definitions);
    }

    /// <summary>The operations that give these registers their values, in an order in which they can be done.</summary>
    public List<IrInstruction> Recipe(IEnumerable<int> registers)
    {
        List<IrInstruction> recipe = [];
        HashSet<int> done = [];
        foreach (int register in registers)
        {
            Add(register, recipe, done);
        }
        return recipe;
    }

    private void Add(int register, List<IrInstruction> recipe, HashSet<int> done)
    {
        if (!done.Add(register))
        {
            return;
        }
        IrInstruction definition = _definitions[register]!;
        foreach (IrOperand source in definition.Sources)
        {
            if (source.IsRegister)
            {
                Add(source.Index, recipe, done);
            }
        }
        recipe.Add(definition);
    }

    private static bool IsStable(IrOperand source, IrInstruction?[] definitions) =>
        source.Kind switch
        {
            IrOperandKind.Register => definitions[source.Index] is not null,
            IrOperandKind.Special => (IrSpecial)source.Index
                is not (IrSpecial.Clock or IrSpecial.Clock64 or IrSpecial.GlobalTimer or IrSpecial.SmId),
            _ => true,
        };

    private static bool IsSimple(IrInstruction i) =>
        i.Guard.IsNone
        && i.Dests.Count == 1
        && !i.CarryIn
        && !i.CarryOut
        && !IrTypes.IsFloat(i.Type)
        && (
            i.Op
                is IrOp.Mov
                    or IrOp.Add
                    or IrOp.Sub
                    or IrOp.Mul
                    or IrOp.Mad
                    or IrOp.Neg
                    or IrOp.And
                    or IrOp.Or
                    or IrOp.Xor
                    or IrOp.Not
                    or IrOp.Shl
                    or IrOp.Shr
                    or IrOp.Cvta
                    or IrOp.SetP
            || (i.Op == IrOp.Cvt && !IrTypes.IsFloat(i.DestType))
            || (i.Op == IrOp.Ld && i.Space == IrSpace.Param && !i.Address.IsRegister && !i.Flag)
        );
}
