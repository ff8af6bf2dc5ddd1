namespace Weir.Generators.Parsing;

/// <summary>Reads one logical line of the description from left to right.</summary>
internal sealed class LineScanner(string text)
{
    private int _position;

    public bool AtEnd
    {
        get
        {
            SkipSpace();
            return _position >= text.Length;
        }
    }

    /// <summary>The next word without taking it; empty at the end or before punctuation.</summary>
    public string Peek()
    {
        SkipSpace();
        int end = _position;
        while (end < text.Length && IsWord(text[end]))
        {
            end++;
        }
        return text.Substring(_position, end - _position);
    }

    /// <summary>Takes the next word.</summary>
    public string Word()
    {
        string word = Peek();
        _position += word.Length;
        return word;
    }

    /// <summary>Takes the character if it comes next.</summary>
    public bool Take(char c)
    {
        SkipSpace();
        if (_position < text.Length && text[_position] == c)
        {
            _position++;
            return true;
        }
        return false;
    }

    /// <summary>Takes everything up to the first of the two characters, which stays; null when neither comes.</summary>
    public string? Until(char a, char b)
    {
        int end = text.IndexOfAny([a, b], _position);
        if (end < 0)
        {
            return null;
        }
        string part = text.Substring(_position, end - _position);
        _position = end;
        return part;
    }

    /// <summary>Takes the next part up to white space.</summary>
    public string Token()
    {
        SkipSpace();
        int start = _position;
        while (_position < text.Length && !char.IsWhiteSpace(text[_position]))
        {
            _position++;
        }
        return text.Substring(start, _position - start);
    }

    private static bool IsWord(char c) => c is '_' or (>= 'a' and <= 'z') or (>= 'A' and <= 'Z') or (>= '0' and <= '9');

    private void SkipSpace()
    {
        while (_position < text.Length && char.IsWhiteSpace(text[_position]))
        {
            _position++;
        }
    }
}
