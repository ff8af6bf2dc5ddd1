using Weir.Kernels.Ir;

namespace Weir.Kernels.Lowering;

/// <summary>Control flow and what has no effect here.</summary>
internal static class ControlForms
{
    public static readonly InstructionForm[] All =
    [
        new("bra{.uni} @label", IrOp.Bra, Rule: LoweringRule.Branch),
        new("brx.idx{.uni} @index, @table", IrOp.Bra, Rule: LoweringRule.BranchIndexed),
        new("call{.uni} @target", IrOp.Call, Rule: LoweringRule.Call),
        new("ret{.uni}", IrOp.Ret, Rule: LoweringRule.Return),
        new("exit", IrOp.Exit),
        new("trap", IrOp.Trap),
        new("pmevent #event", IrOp.Mov, Rule: LoweringRule.Nothing),
    ];
}
