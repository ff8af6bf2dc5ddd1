namespace Weir.Kernels.Ptx;

/// <summary>Functions that a module takes the address of: those that a call through a pointer may reach.</summary>
internal static class TakenFunctions
{
    /// <summary>
    /// Finds functions with a body that are named elsewhere than in a call or in their own declaration, in text order.
    /// </summary>
    public static IReadOnlyList<PtxFunction> Find(
        ReadOnlySpan<byte> text,
        IReadOnlyDictionary<string, PtxFunction> functions
    )
    {
        HashSet<string> taken = new(StringComparer.Ordinal);
        if (!functions.Values.Any(function => !function.IsEntry))
        {
            return [];
        }
        bool named = false;
        PtxLexer tokens = new(text, 0, 1);
        for (PtxToken token = tokens.Next(); token.Kind != PtxTokenKind.End; token = tokens.Next())
        {
            if (token.Is(';') || token.Is('{') || token.Is('}'))
            {
                named = false;
            }
            else if (token.Kind == PtxTokenKind.Dotted)
            {
                named |= tokens.Bytes(token).SequenceEqual(".func"u8) || tokens.Bytes(token).SequenceEqual(".entry"u8);
            }
            else if (token.Kind == PtxTokenKind.Word)
            {
                ReadOnlySpan<byte> word = tokens.Bytes(token);
                if (word.SequenceEqual("call"u8))
                {
                    named = true;
                }
                else if (!named && word[0] != '%' && functions.ContainsKey(tokens.Text(token)))
                {
                    taken.Add(tokens.Text(token));
                }
            }
        }
        return
        [
            .. functions
                .Values.Where(function => !function.IsEntry && function.HasBody && taken.Contains(function.Name))
                .OrderBy(function => function.Start),
        ];
    }
}
