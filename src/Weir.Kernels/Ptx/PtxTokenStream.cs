namespace Weir.Kernels.Ptx;

/// <summary>Tokens with one of look-ahead, and the errors of a text that has another one than expected.</summary>
internal ref struct PtxTokenStream
{
    private PtxLexer _lexer;

    /// <summary>Starts at an offset whose line is known.</summary>
    public PtxTokenStream(ReadOnlySpan<byte> text, int position, int line)
    {
        _lexer = new PtxLexer(text, position, line);
        Current = _lexer.Next();
    }

    /// <summary>The next token, not yet taken.</summary>
    public PtxToken Current { get; private set; }

    /// <summary>Line of the next token.</summary>
    public readonly int Line => Current.Line;

    /// <summary>Takes the token.</summary>
    public PtxToken Take()
    {
        var token = Current;
        Current = _lexer.Next();
        return token;
    }

    /// <summary>Text of a token.</summary>
    public readonly string Text(in PtxToken token) => _lexer.Text(token);

    /// <summary>True when the next token is that punctuation.</summary>
    public readonly bool At(char c) => Current.Is(c);

    /// <summary>True when the next token is that directive, dot included.</summary>
    public readonly bool AtDotted(ReadOnlySpan<byte> name) =>
        Current.Kind == PtxTokenKind.Dotted && _lexer.Bytes(Current).SequenceEqual(name);

    /// <summary>Takes punctuation when it is next.</summary>
    public bool TryTake(char c)
    {
        if (!Current.Is(c))
        {
            return false;
        }

        Take();
        return true;
    }

    /// <summary>Takes a directive when it is next, dot included.</summary>
    public bool TryTakeDotted(ReadOnlySpan<byte> name)
    {
        if (!AtDotted(name))
        {
            return false;
        }

        Take();
        return true;
    }

    /// <summary>Takes punctuation or says what stands there.</summary>
    public void Expect(char c)
    {
        if (!TryTake(c))
        {
            throw Unexpected($"'{c}'");
        }
    }

    /// <summary>Takes a name.</summary>
    public string ExpectWord(string what)
    {
        if (Current.Kind != PtxTokenKind.Word)
        {
            throw Unexpected(what);
        }

        return Text(Take());
    }

    /// <summary>Takes a dotted token and gives it without its dot.</summary>
    public string ExpectDotted(string what)
    {
        if (Current.Kind != PtxTokenKind.Dotted)
        {
            throw Unexpected(what);
        }

        return Text(Take())[1..];
    }

    /// <summary>Takes an integer literal of 31 bits at most.</summary>
    public int ExpectSmallInteger(string what)
    {
        if (Current.Kind != PtxTokenKind.Integer)
        {
            throw Unexpected(what);
        }

        var token = Take();
        return token.Bits <= int.MaxValue
            ? (int)token.Bits
            : throw new PtxException($"{token.Bits} is too large for {what}", token.Line);
    }

    /// <summary>Goes behind the block whose opening brace is the next token.</summary>
    /// <returns>Offset and line of the first byte inside.</returns>
    public (int Start, int Line) SkipBlock()
    {
        if (!At('{'))
        {
            throw Unexpected("'{'");
        }

        // The look-ahead is the brace itself, so the lexer stands right behind it.
        var inside = (_lexer.Position, _lexer.Line);
        _lexer.SkipBlock();
        Current = _lexer.Next();
        return inside;
    }

    /// <summary>The error of a token that has no place here.</summary>
    public readonly PtxException Unexpected(string expected)
    {
        if (Current.Kind == PtxTokenKind.End)
        {
            return new PtxException($"the text ends where {expected} should stand", Current.Line);
        }

        var text = Text(Current);
        return new PtxException(
            $"'{(text.Length > 60 ? text[..60] + "…" : text)}' stands where {expected} should",
            Current.Line
        );
    }
}
