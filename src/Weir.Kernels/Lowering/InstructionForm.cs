using System.Collections.Frozen;
using Weir.Kernels.Ir;

namespace Weir.Kernels.Lowering;

/// <summary>Which code turns a form into the intermediate form; most need no code of their own.</summary>
internal enum LoweringRule : byte
{
    /// <summary>Slots and operands say it all.</summary>
    Plain,
    Move,
    Branch,
    BranchIndexed,
    Call,
    Return,
    Texture,
    AsyncCopy,
    LoadMatrix,
    MultiplyMatrix,

    /// <summary>Understood, with nothing to do.</summary>
    Nothing,
}

/// <summary>
/// One accepted form of an instruction, written nearly as in the PTX ISA:
/// <c>add{.rnd=rn|rz|rm|rp}{.ftz}{.sat}.type=f32 d, a, b</c>.
/// <para>
/// Modifiers come in order; braces make one optional; <c>name=a|b</c> lists what may stand there (the dot is not
/// repeated), and a bare word stands for itself. Names have the meaning that <see cref="ModifierSlots"/> gives them.
/// </para>
/// <para>
/// Operands: names that start with d or p are written, others read. <c>d|q</c> may have a second result; <c>!c</c> is a
/// predicate that may be negated; <c>[a]</c> an address; <c>{d}</c> a vector as long as the vec slot says; <c>#i</c> an
/// integer constant; <c>@l</c> whatever the rule reads. Then <c>:type</c> (T = the type slot, U = the dtype slot,
/// W = twice as wide as T; without it U for what is written when there is such a slot, else T), <c>~</c> when the register may be
/// wider than the type, <c>?</c> when the operand may be missing.
/// </para>
/// </summary>
/// <param name="Syntax">The form as above; also what the documentation shows.</param>
/// <param name="Op">Operation.</param>
/// <param name="Fix">Fields that follow from the form itself.</param>
/// <param name="Check">Says what is wrong with a combination that the slots alone allow; null when nothing is.</param>
/// <param name="Missing">Says which valid combinations are not run yet; null when none.</param>
/// <param name="Rule">Code that lowers it.</param>
internal sealed record InstructionForm(
    string Syntax,
    IrOp Op,
    Func<IrInstruction, IrInstruction>? Fix = null,
    Func<IrInstruction, string?>? Check = null,
    Func<IrInstruction, string?>? Missing = null,
    LoweringRule Rule = LoweringRule.Plain
)
{
    /// <summary>Mnemonic without modifiers.</summary>
    public string Opcode { get; } = Syntax.Split('.', '{', ' ')[0];

    /// <summary>Modifiers in order; made at first use, since most kernels use few of the forms.</summary>
    public IReadOnlyList<ModifierSlot> Slots => field ??= ReadSlots();

    /// <summary>Operands in order.</summary>
    public IReadOnlyList<OperandSpec> Operands => field ??= ReadOperands();

    /// <summary>Finds the values of the slots for the modifiers of an instruction; null when the form is another one.</summary>
    public string?[]? Match(IReadOnlyList<string> modifiers)
    {
        var values = new string?[Slots.Count];
        return Match(modifiers, 0, 0, values) ? values : null;
    }

    private bool Match(IReadOnlyList<string> modifiers, int at, int slot, string?[] values)
    {
        if (slot == Slots.Count)
        {
            return at == modifiers.Count;
        }

        if (at < modifiers.Count && Slots[slot].Values.Contains(modifiers[at]))
        {
            values[slot] = modifiers[at];
            if (Match(modifiers, at + 1, slot + 1, values))
            {
                return true;
            }
        }

        values[slot] = null;
        return Slots[slot].Optional && Match(modifiers, at, slot + 1, values);
    }

    private List<ModifierSlot> ReadSlots()
    {
        var head = Syntax.Split(' ', 2)[0];
        var slots = new List<ModifierSlot>();
        for (var i = Opcode.Length; i < head.Length; )
        {
            var optional = head[i] == '{';
            var start = i + (optional ? 2 : 1);
            var end = head.IndexOfAny(optional ? ['}'] : ['.', '{'], start);
            end = end < 0 ? head.Length : end;
            var text = head[start..end];
            var equals = text.IndexOf('=');
            var name = equals < 0 ? text : text[..equals];
            ModifierSlots.Require(name, Syntax);
            slots.Add(new ModifierSlot(name, text[(equals + 1)..].Split('|').ToFrozenSet(), optional));
            i = end + (optional ? 1 : 0);
        }

        return slots;
    }

    private List<OperandSpec> ReadOperands()
    {
        var space = Syntax.IndexOf(' ');
        return space < 0 ? [] : Syntax[(space + 1)..].Split(", ").Select(OperandSpec.Parse).ToList();
    }
}

/// <summary>A place for a modifier.</summary>
/// <param name="Name">Meaning, see <see cref="ModifierSlots"/>.</param>
/// <param name="Values">What may stand there, without dots.</param>
/// <param name="Optional">It may be missing.</param>
internal sealed record ModifierSlot(string Name, FrozenSet<string> Values, bool Optional);
