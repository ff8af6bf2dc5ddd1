namespace Weir.Oracle;

/// <summary>Tokens, read one after another.</summary>
internal sealed class TokenStream(List<Token> tokens)
{
    private int _next;

    public Token Peek => tokens[_next];

    public Token PeekSecond => tokens[Math.Min(_next + 1, tokens.Count - 1)];

    public bool AtEnd => Peek.Text.Length == 0;

    public Token Next()
    {
        var token = tokens[_next];
        if (token.Text.Length == 0)
        {
            throw new OracleSyntaxException(token.Line, "the text ends too early");
        }
        _next++;
        return token;
    }

    public bool TryTake(string text)
    {
        if (Peek.Text != text)
        {
            return false;
        }
        _next++;
        return true;
    }

    public void Expect(string text)
    {
        if (!TryTake(text))
        {
            throw new OracleSyntaxException(Peek.Line, $"'{text}' expected, '{Peek.Text}' found");
        }
    }

    public void SkipTo(string text)
    {
        while (Next().Text != text) { }
    }

    /// <summary>Skips what is left of a line: debug directives end without a mark.</summary>
    public void SkipLine(int line)
    {
        while (!AtEnd && Peek.Line == line)
        {
            _next++;
        }
    }
}
