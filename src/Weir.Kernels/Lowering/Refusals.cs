using Weir.Kernels.Ptx;

namespace Weir.Kernels.Lowering;

/// <summary>Everything in a kernel that is refused, not only the first.</summary>
public static class Refusals
{
    private const int Most = 100;

    /// <summary>What is wrong with a kernel, by line; empty when nothing is.</summary>
    public static IReadOnlyList<PtxException> Of(PtxModule module, string entry)
    {
        List<PtxException> found = [];
        byte[] text = module.EntryText(entry);
        while (found.Count < Most)
        {
            try
            {
                PtxModule.Parse(text).Lower(entry);
                break;
            }
            catch (PtxException refusal)
            {
                if (found.Exists(one => one.Line == refusal.Line))
                {
                    break;
                }
                found.Add(refusal);
                // Looks on without the instruction; other mistakes would only make more of themselves.
                if (!refusal.Unsupported || !Blank(text, refusal.Line))
                {
                    break;
                }
            }
        }
        return Mapped(module, entry, found);
    }

    private static List<PtxException> Mapped(PtxModule module, string entry, List<PtxException> found) =>
        [
            .. found.Select(one => new PtxException(
                one.Reason,
                one.Line > 0 ? module.MapLine(entry, one.Line) : 0,
                one.Unsupported
            )),
        ];

    /// <summary>Puts spaces in the place of the instruction that begins in a line.</summary>
    private static bool Blank(byte[] text, int line)
    {
        int at = 0;
        for (int n = 1; n < line; n++)
        {
            int end = text.AsSpan(at).IndexOf((byte)'\n');
            if (end < 0)
            {
                return false;
            }
            at += end + 1;
        }
        int length = text.AsSpan(at).IndexOf((byte)';');
        if (line < 1 || length < 0)
        {
            return false;
        }
        foreach (ref byte character in text.AsSpan(at, length))
        {
            if (character != '\n')
            {
                character = (byte)' ';
            }
        }
        return true;
    }
}
