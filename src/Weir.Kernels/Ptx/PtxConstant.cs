namespace Weir.Kernels.Ptx;

/// <summary>Constant expressions of integers (PTX ISA, "Constant Expressions").</summary>
internal static class PtxConstant
{
    private const int MaxDepth = 64;

    /// <summary>Evaluates at 64 bits, wrapping; the text is left behind the expression.</summary>
    public static long Parse(ref PtxTokenStream tokens, int depth = 0) => Binary(ref tokens, 0, depth);

    /// <summary>Evaluates an operand of a sum.</summary>
    public static long ParseTerm(ref PtxTokenStream tokens) => Binary(ref tokens, 5, 0);

    /// <summary>Evaluates one operand of an expression.</summary>
    public static long ParseUnary(ref PtxTokenStream tokens) => Unary(ref tokens, 0);

    private static long Binary(ref PtxTokenStream tokens, int level, int depth)
    {
        if (level > 5)
        {
            return Unary(ref tokens, depth);
        }

        var left = Binary(ref tokens, level + 1, depth);
        while (true)
        {
            var line = tokens.Line;
            switch (level)
            {
                case 0 when tokens.TryTake('|'):
                    left |= Binary(ref tokens, 1, depth);
                    break;
                case 1 when tokens.TryTake('^'):
                    left ^= Binary(ref tokens, 2, depth);
                    break;
                case 2 when tokens.TryTake('&'):
                    left &= Binary(ref tokens, 3, depth);
                    break;
                case 3 when tokens.TryTake('<'):
                    tokens.Expect('<');
                    left <<= (int)Binary(ref tokens, 4, depth);
                    break;
                case 3 when tokens.TryTake('>'):
                    tokens.Expect('>');
                    left >>= (int)Binary(ref tokens, 4, depth);
                    break;
                case 4 when tokens.TryTake('+'):
                    left += Binary(ref tokens, 5, depth);
                    break;
                case 4 when tokens.TryTake('-'):
                    left -= Binary(ref tokens, 5, depth);
                    break;
                case 5 when tokens.TryTake('*'):
                    left *= Unary(ref tokens, depth);
                    break;
                case 5 when tokens.TryTake('/'):
                    left = Divide(left, Unary(ref tokens, depth), line);
                    break;
                case 5 when tokens.TryTake('%'):
                    var by = Unary(ref tokens, depth);
                    left -= Divide(left, by, line) * by;
                    break;
                default:
                    return left;
            }
        }
    }

    private static long Divide(long left, long right, int line) =>
        right switch
        {
            0 => throw new PtxException("division by zero in a constant expression", line),
            -1 => -left,
            _ => left / right,
        };

    private static long Unary(ref PtxTokenStream tokens, int depth)
    {
        if (depth > MaxDepth)
        {
            throw new PtxException("a constant expression is nested too deeply", tokens.Line);
        }

        if (tokens.TryTake('-'))
        {
            return -Unary(ref tokens, depth + 1);
        }

        if (tokens.TryTake('+'))
        {
            return Unary(ref tokens, depth + 1);
        }

        if (tokens.TryTake('~'))
        {
            return ~Unary(ref tokens, depth + 1);
        }

        if (tokens.TryTake('!'))
        {
            return Unary(ref tokens, depth + 1) == 0 ? 1 : 0;
        }

        if (tokens.TryTake('('))
        {
            var value = Parse(ref tokens, depth + 1);
            tokens.Expect(')');
            return value;
        }

        if (tokens.Current.Kind == PtxTokenKind.Word && tokens.Text(tokens.Current) == "WARP_SZ")
        {
            tokens.Take();
            return 32;
        }

        if (tokens.Current.Kind != PtxTokenKind.Integer)
        {
            throw tokens.Unexpected("an integer constant");
        }

        return (long)tokens.Take().Bits;
    }
}
