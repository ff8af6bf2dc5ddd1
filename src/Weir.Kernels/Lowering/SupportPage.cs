using System.Globalization;
using System.Text;

namespace Weir.Kernels.Lowering;

/// <summary>docs/ptx-support.md, written from the table of instructions.</summary>
public static class SupportPage
{
    // Mnemonics of PTX ISA 8.8, "Instructions": what is not in the table is named as refused.
    private static readonly string[] Mnemonics = (
        "abs activemask add addc alloca and applypriority atom bar barrier bfe bfi bfind bmsk bra brev brkpt brx call "
        + "clusterlaunchcontrol clz cnot copysign cos cp createpolicy cvt cvta discard div dp2a dp4a elect ex2 exit fence fma fns "
        + "getctarank griddepcontrol isspacep istypep ld ldmatrix ldu lg2 lop3 mad mad24 madc mapa match max mbarrier membar min mma mov "
        + "movmatrix mul mul24 multimem nanosleep neg not or pmevent popc prefetch prefetchu prmt rcp red redux rem ret rsqrt sad selp set "
        + "setmaxnreg setp shf shfl shl shr sin slct sqrt st stackrestore stacksave stmatrix sub subc suld suq sured sust szext tanh tcgen05 "
        + "tensormap testp tex tld4 trap txq vabsdiff vabsdiff2 vabsdiff4 vadd vadd2 vadd4 vavrg2 vavrg4 vmad vmax vmax2 vmax4 vmin vmin2 "
        + "vmin4 vote vset vset2 vset4 vshl vshr vsub vsub2 vsub4 wgmma wmma xor"
    ).Split(' ');

    private static readonly (string Title, InstructionForm[] Forms)[] Chapters =
    [
        ("Integer arithmetic", ArithmeticForms.All),
        ("Floating point, single and double", [.. FloatForms.All.Where(form => !IsHalf(form))]),
        ("Half precision and bfloat16", [.. FloatForms.All.Where(IsHalf)]),
        ("Logic, shifts, bit fields", BitForms.All),
        ("Comparison and selection", CompareForms.All),
        ("Moves and conversions", ConversionForms.All),
        ("Memory, atomics, textures", MemoryForms.All),
        ("Threads, warps, barriers", ThreadForms.All),
        ("Control", ControlForms.All),
    ];

    /// <summary>The whole page.</summary>
    public static string Write()
    {
        HashSet<string> supported = [.. InstructionTable.All.Select(form => form.Opcode)];
        string[] refused = [.. Mnemonics.Where(name => !supported.Contains(name))];
        StringBuilder page = new();
        page.Append(
            CultureInfo.InvariantCulture,
            $"""
            # PTX on the software device

            Generated from `src/Weir.Kernels/Lowering`; a test holds it to that (`WEIR_REWRITE=1` writes it anew). {supported.Count} of the
            {Mnemonics.Length} mnemonics of PTX ISA 8.8, in {InstructionTable.All.Count()} forms. What is not here is refused, with its text and line, when its
            kernel is looked up; `weir ptx FILE` says so of a file.

            How to read a form: braces make a modifier optional, `name=a|b` lists what may stand in its place (without the
            name), `d` and `p` are written, `!c` may be negated, `[a]` is an address, a `~` register may be wider than the type.


            """
        );
        foreach ((string title, InstructionForm[] forms) in Chapters)
        {
            page.Append(CultureInfo.InvariantCulture, $"## {title}\n\n```\n");
            foreach (InstructionForm form in forms.OrderBy(form => form.Opcode, StringComparer.Ordinal))
            {
                page.Append(form.Syntax).Append('\n');
            }
            page.Append("```\n\n");
        }
        page.Append("## Refused\n\n").Append(string.Join(", ", refused)).Append(".\n\n");
        page.Append(
            """
            Refused besides, in instructions that are there: recursion, textures in arrays and cubes,
            clusters and their shared memory, cache policies.

            """
        );
        return page.ToString();
    }

    private static bool IsHalf(InstructionForm form) => form.Syntax.Contains("f16", StringComparison.Ordinal);
}
