using System.Buffers;
using System.Globalization;
using System.Text;

namespace Weir.Kernels.Ptx;

/// <summary>Splits PTX text into tokens; comments and white space go, lines are counted.</summary>
internal ref struct PtxLexer(ReadOnlySpan<byte> text, int position, int line)
{
    private static readonly SearchValues<byte> WordBytes = SearchValues.Create(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_$%"u8
    );

    private static readonly SearchValues<byte> BodyBytes = SearchValues.Create("{}/\""u8);

    private readonly ReadOnlySpan<byte> _text = text;

    /// <summary>Offset of the next byte to read.</summary>
    public int Position { get; private set; } = position;

    /// <summary>Line of <see cref="Position"/>, 1-based.</summary>
    public int Line { get; private set; } = line;

    /// <summary>The text of a token.</summary>
    public readonly string Text(in PtxToken token) => Encoding.Latin1.GetString(_text.Slice(token.Start, token.Length));

    /// <summary>The bytes of a token.</summary>
    public readonly ReadOnlySpan<byte> Bytes(in PtxToken token) => _text.Slice(token.Start, token.Length);

    /// <summary>Reads the next token.</summary>
    public PtxToken Next()
    {
        SkipSpace();
        var start = Position;
        if (start >= _text.Length)
        {
            return new(PtxTokenKind.End, start, 0, Line, 0);
        }

        var c = _text[start];
        if (char.IsAsciiDigit((char)c))
        {
            return Number();
        }

        if (IsWord(c))
        {
            Position = WordEnd(start);
            return new(PtxTokenKind.Word, start, Position - start, Line, 0);
        }

        if (c == '.' && start + 1 < _text.Length && IsWord(_text[start + 1]))
        {
            var end = WordEnd(start + 1);
            while (end + 2 < _text.Length && _text[end] == ':' && _text[end + 1] == ':' && IsWord(_text[end + 2]))
            {
                end = WordEnd(end + 2);
            }

            Position = end;
            return new(PtxTokenKind.Dotted, start, end - start, Line, 0);
        }

        if (c == '"')
        {
            var length = _text[(start + 1)..].IndexOf((byte)'"');
            if (length < 0)
            {
                throw new PtxException("the string has no end", Line);
            }

            var token = new PtxToken(PtxTokenKind.Text, start + 1, length, Line, 0);
            Line += _text.Slice(start, length).Count((byte)'\n');
            Position = start + length + 2;
            return token;
        }

        if (c is < 0x21 or > 0x7e)
        {
            throw new PtxException($"byte 0x{c:x2} has no place in PTX", Line);
        }

        Position++;
        return new(PtxTokenKind.Punctuation, start, 1, Line, c);
    }

    /// <summary>
    /// Goes behind the <c>}</c> that closes a block whose <c>{</c> was just read, without looking at what is inside.
    /// </summary>
    public void SkipBlock()
    {
        var openLine = Line;
        var from = Position;
        for (var depth = 1; depth > 0; )
        {
            var step = _text[Position..].IndexOfAny(BodyBytes);
            if (step < 0)
            {
                throw new PtxException("the block that opens here is never closed", openLine);
            }

            Position += step;
            switch (_text[Position])
            {
                case (byte)'{':
                    depth++;
                    Position++;
                    break;
                case (byte)'}':
                    depth--;
                    Position++;
                    break;
                case (byte)'"':
                    var length = _text[(Position + 1)..].IndexOf((byte)'"');
                    Position = length < 0 ? _text.Length : Position + length + 2;
                    break;
                default:
                    Position = CommentEnd(Position) is var end && end > Position ? end : Position + 1;
                    break;
            }
        }

        Line += _text[from..Position].Count((byte)'\n');
    }

    private static bool IsWord(byte c) =>
        char.IsAsciiLetterOrDigit((char)c) || c is (byte)'_' or (byte)'$' or (byte)'%';

    private readonly int WordEnd(int from)
    {
        var length = _text[from..].IndexOfAnyExcept(WordBytes);
        return length < 0 ? _text.Length : from + length;
    }

    private void SkipSpace()
    {
        while (Position < _text.Length)
        {
            var c = _text[Position];
            if (c == '\n')
            {
                Line++;
                Position++;
            }
            else if (c is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\f' or (byte)'\v')
            {
                Position++;
            }
            else if (c == '/' && CommentEnd(Position) is var end && end > Position)
            {
                Line += _text[Position..end].Count((byte)'\n');
                Position = end;
            }
            else
            {
                return;
            }
        }
    }

    // End of the comment that starts at an offset; the offset itself when there is none.
    private readonly int CommentEnd(int start)
    {
        var rest = _text[start..];
        if (rest.StartsWith("//"u8))
        {
            var length = rest.IndexOf((byte)'\n');
            return length < 0 ? _text.Length : start + length;
        }

        if (rest.StartsWith("/*"u8))
        {
            var length = rest[2..].IndexOf("*/"u8);
            return length < 0 ? start : start + length + 4;
        }

        return start;
    }

    private PtxToken Number()
    {
        var start = Position;
        var end = WordEnd(start);
        var word = _text[start..end];
        if (word.Length > 2 && word[0] == '0' && word[1] is (byte)'f' or (byte)'F' or (byte)'d' or (byte)'D')
        {
            var single = word[1] is (byte)'f' or (byte)'F';
            if (word.Length != (single ? 10 : 18) || !TryHex(word[2..], out var bits))
            {
                throw new PtxException(
                    $"'{Encoding.Latin1.GetString(word)}' is no {(single ? "0f literal of 8" : "0d literal of 16")} hexadecimal digits",
                    Line
                );
            }

            Position = end;
            return new(single ? PtxTokenKind.Single : PtxTokenKind.Double, start, end - start, Line, bits);
        }

        var isDecimal = word.IndexOfAnyExceptInRange((byte)'0', (byte)'9') < 0;
        var fraction =
            isDecimal && end + 1 < _text.Length && _text[end] == '.' && char.IsAsciiDigit((char)_text[end + 1]);
        if (
            fraction
            || (isDecimal && end < _text.Length && _text[end] == '.' && !IsModifierStart(end))
            || IsExponent(word)
        )
        {
            return Decimal(start, end, fraction);
        }

        Position = end;
        return new(PtxTokenKind.Integer, start, end - start, Line, Integer(word));
    }

    private readonly bool IsModifierStart(int dot) => dot + 1 < _text.Length && IsWord(_text[dot + 1]);

    private static bool IsExponent(ReadOnlySpan<byte> word) =>
        word.IndexOfAny((byte)'e', (byte)'E') is > 0 and var at
        && word[..at].IndexOfAnyExceptInRange((byte)'0', (byte)'9') < 0;

    private PtxToken Decimal(int start, int end, bool fraction)
    {
        if (fraction || (end < _text.Length && _text[end] == '.'))
        {
            end++;
            if (end < _text.Length)
            {
                end = WordEnd(end);
            }
        }

        if (_text[end - 1] is (byte)'e' or (byte)'E' && end < _text.Length && _text[end] is (byte)'+' or (byte)'-')
        {
            end = WordEnd(end + 1);
        }

        var text = Encoding.Latin1.GetString(_text[start..end]);
        if (
            !double.TryParse(
                text,
                NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent,
                CultureInfo.InvariantCulture,
                out var value
            )
        )
        {
            throw new PtxException($"'{text}' is no number", Line);
        }

        Position = end;
        return new(PtxTokenKind.Double, start, end - start, Line, BitConverter.DoubleToUInt64Bits(value));
    }

    private readonly ulong Integer(ReadOnlySpan<byte> word)
    {
        var digits = word[^1] is (byte)'U' or (byte)'u' ? word[..^1] : word;
        var (radix, skip) = (10u, 0);
        if (digits.Length > 1 && digits[0] == '0')
        {
            (radix, skip) = digits[1] switch
            {
                (byte)'x' or (byte)'X' => (16u, 2),
                (byte)'b' or (byte)'B' => (2u, 2),
                _ => (8u, 1),
            };
        }

        UInt128 value = 0;
        var rest = digits[skip..];
        foreach (var c in rest)
        {
            var digit =
                !char.IsAsciiHexDigit((char)c) ? radix
                : c <= '9' ? c - (uint)'0'
                : (c | 0x20u) - 'a' + 10;
            value = value * radix + digit;
            if (digit >= radix || value > ulong.MaxValue)
            {
                rest = default;
                break;
            }
        }

        return rest.IsEmpty && digits.Length > 0
            ? throw new PtxException($"'{Encoding.Latin1.GetString(word)}' is no integer of 64 bits", Line)
            : (ulong)value;
    }

    private static bool TryHex(ReadOnlySpan<byte> digits, out ulong value) =>
        ulong.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value);
}
