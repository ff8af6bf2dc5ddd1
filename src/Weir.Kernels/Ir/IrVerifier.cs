namespace Weir.Kernels.Ir;

/// <summary>
/// Holds a function to the rules that code generators rely on. A violation is a mistake of whoever made the
/// function, not of the text, but the text's line is named.
/// </summary>
public static class IrVerifier
{
    /// <summary>Checks everything; throws <see cref="PtxException"/> with the line of the operation at fault.</summary>
    public static void Verify(IrFunction function)
    {
        if (function.Blocks.Count == 0)
        {
            throw new PtxException($"'{function.Name}' has no block", 0);
        }

        for (var b = 0; b < function.Blocks.Count; b++)
        {
            var block = function.Blocks[b];
            if (block.Index != b || block.Instructions.Count == 0)
            {
                throw new PtxException($"block {b} of '{function.Name}' is empty or misnumbered", 0);
            }

            for (var i = 0; i < block.Instructions.Count; i++)
            {
                var instruction = block.Instructions[i];
                if (IsControl(instruction.Op) && i + 1 < block.Instructions.Count)
                {
                    throw Wrong(instruction, "control flow stands inside a block");
                }

                new OperandRules(function, instruction).Check();
                CheckTargets(function, instruction);
            }
        }

        var last = function.Blocks[^1].Instructions[^1];
        if (!IsControl(last.Op) || !last.Guard.IsNone)
        {
            throw Wrong(last, "the last block falls through");
        }
    }

    private static void CheckTargets(IrFunction function, IrInstruction instruction)
    {
        var blocks = function.Blocks.Count;
        var valid = instruction.Op switch
        {
            IrOp.Bra => instruction.Target >= 0 && instruction.Target < blocks,
            _ => instruction.Target < 0,
        };
        if (!valid)
        {
            throw Wrong(instruction, "a branch target is no block");
        }
    }

    private static bool IsControl(IrOp op) => op is IrOp.Bra or IrOp.Ret or IrOp.Exit;

    private static PtxException Wrong(IrInstruction instruction, string reason) =>
        new($"invalid intermediate form of {instruction.Op}: {reason}", instruction.Line);
}
