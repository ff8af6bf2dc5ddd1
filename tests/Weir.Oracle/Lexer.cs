namespace Weir.Oracle;

/// <summary>A word (names, directives and opcodes with all their dots, numbers), a string, or one punctuation mark.</summary>
internal readonly record struct Token(string Text, int Line)
{
    public bool IsWord => Text.Length > 0 && Lexer.IsWordCharacter(Text[0]);

    public bool IsNumber => Text.Length > 0 && char.IsAsciiDigit(Text[0]);
}

/// <summary>Cuts PTX text into tokens. The last one is empty.</summary>
internal static class Lexer
{
    public static bool IsWordCharacter(char c) => char.IsAsciiLetterOrDigit(c) || c is '_' or '$' or '%' or '.';

    public static List<Token> Scan(string text)
    {
        var tokens = new List<Token>();
        var line = 1;
        var i = 0;
        while (i < text.Length && text[i] != '\0')
        {
            var c = text[i];
            if (c == '\n')
            {
                line++;
                i++;
            }
            else if (char.IsWhiteSpace(c))
            {
                i++;
            }
            else if (c == '/' && i + 1 < text.Length && text[i + 1] == '/')
            {
                while (i < text.Length && text[i] != '\n')
                {
                    i++;
                }
            }
            else if (c == '/' && i + 1 < text.Length && text[i + 1] == '*')
            {
                var end = text.IndexOf("*/", i + 2, StringComparison.Ordinal);
                end = end < 0 ? text.Length : end + 2;
                line += text.AsSpan(i, end - i).Count('\n');
                i = end;
            }
            else if (c == '"')
            {
                var end = text.IndexOf('"', i + 1);
                end = end < 0 ? text.Length : end + 1;
                tokens.Add(new Token(text[i..end], line));
                i = end;
            }
            else if (IsWordCharacter(c))
            {
                var start = i;
                while (
                    i < text.Length
                    && (IsWordCharacter(text[i]) || IsDoubleColon(text, i) || IsDoubleColon(text, i - 1))
                )
                {
                    i++;
                }
                tokens.Add(new Token(text[start..i], line));
            }
            else
            {
                tokens.Add(new Token(c.ToString(), line));
                i++;
            }
        }
        tokens.Add(new Token("", line));
        return tokens;
    }

    /// <summary>The <c>::</c> of <c>.shared::cta</c> belongs to its word; a label's colon does not.</summary>
    private static bool IsDoubleColon(string text, int i) =>
        text[i] == ':' && i + 1 < text.Length && text[i + 1] == ':';
}
