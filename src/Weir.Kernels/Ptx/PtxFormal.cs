using Weir.Kernels.Ir;

namespace Weir.Kernels.Ptx;

/// <summary>A formal parameter or return value of a function or an entry.</summary>
/// <param name="Name">Name in the text; empty when a declaration leaves it out.</param>
/// <param name="IsRegister">In the register space, as old compilers wrote it.</param>
/// <param name="Type">Type of an element.</param>
/// <param name="SizeBytes">Size; -1 when open (variadic).</param>
/// <param name="AlignBytes">Alignment.</param>
/// <param name="OffsetBytes">Bytes from the start of the parameter block (entries).</param>
internal sealed record PtxFormal(
    string Name,
    bool IsRegister,
    IrType Type,
    long SizeBytes,
    int AlignBytes,
    int OffsetBytes
)
{
    /// <summary>Reads a list in parentheses and lays it out as a parameter block.</summary>
    public static void ReadList(ref PtxTokenStream tokens, List<PtxFormal> formals)
    {
        tokens.Expect('(');
        if (tokens.TryTake(')'))
        {
            return;
        }

        long offset = 0;
        do
        {
            if (!tokens.AtDotted(".param"u8) && !tokens.AtDotted(".reg"u8))
            {
                throw tokens.Unexpected(".param or .reg");
            }

            var declaration = PtxDeclarationParser.ParseOne(ref tokens, allowMissingName: true);
            if (declaration.RangeCount >= 0)
            {
                throw new PtxException("a parameter cannot be a range of registers", declaration.Line);
            }

            offset = (offset + declaration.AlignBytes - 1) / declaration.AlignBytes * declaration.AlignBytes;
            formals.Add(
                new PtxFormal(
                    declaration.Name,
                    declaration.Space == "reg",
                    declaration.Type,
                    declaration.SizeBytes,
                    declaration.AlignBytes,
                    (int)Math.Min(offset, int.MaxValue)
                )
            );
            offset = Math.Min(int.MaxValue, offset + Math.Max(0, declaration.SizeBytes));
        } while (tokens.TryTake(','));
        tokens.Expect(')');
    }
}
