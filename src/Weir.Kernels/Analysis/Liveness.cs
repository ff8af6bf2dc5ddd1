using Weir.Kernels.Ir;

namespace Weir.Kernels.Analysis;

/// <summary>Which registers hold a value that is still needed, at the start of each piece.</summary>
internal sealed class Liveness
{
    private Liveness(BitSet[] liveIn) => LiveIn = liveIn;

    /// <summary>By position of the piece.</summary>
    public BitSet[] LiveIn { get; }

    /// <summary>Solves the backward data-flow problem.</summary>
    public static Liveness Compute(ControlFlow flow, int registers)
    {
        CodeNode[] nodes = flow.Nodes;
        BitSet[] used = new BitSet[nodes.Length];
        BitSet[] killed = new BitSet[nodes.Length];
        BitSet[] liveIn = new BitSet[nodes.Length];
        for (int i = 0; i < nodes.Length; i++)
        {
            (used[i], killed[i]) = Local(nodes[i], registers);
            liveIn[i] = used[i].Copy();
        }
        bool changed = true;
        while (changed)
        {
            changed = false;
            for (int i = nodes.Length - 1; i >= 0; i--)
            {
                BitSet live = new(registers);
                foreach (CodeNode successor in nodes[i].Successors)
                {
                    live.UnionWith(liveIn[successor.Position]);
                }
                live.ExceptWith(killed[i]);
                changed |= liveIn[i].UnionWith(live);
            }
        }
        return new Liveness(liveIn);
    }

    /// <summary>Registers that an operation reads.</summary>
    public static IEnumerable<int> Reads(IrInstruction instruction)
    {
        foreach (IrOperand source in instruction.Sources)
        {
            if (source.IsRegister)
            {
                yield return source.Index;
            }
        }
        if (instruction.Address.IsRegister)
        {
            yield return instruction.Address.Index;
        }
        if (instruction.Guard.IsRegister)
        {
            yield return instruction.Guard.Index;
        }
    }

    private static (BitSet Used, BitSet Killed) Local(CodeNode node, int registers)
    {
        BitSet used = new(registers);
        BitSet killed = new(registers);
        foreach (IrInstruction instruction in node.Instructions)
        {
            foreach (int register in Reads(instruction))
            {
                if (!killed.Contains(register))
                {
                    used.Add(register);
                }
            }
            foreach (IrOperand dest in instruction.Dests)
            {
                if (!dest.IsRegister)
                {
                    continue;
                }
                if (instruction.Guard.IsNone)
                {
                    killed.Add(dest.Index);
                }
            }
        }
        return (used, killed);
    }
}
