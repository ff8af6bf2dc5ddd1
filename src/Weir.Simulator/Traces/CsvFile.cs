using System.Globalization;
using System.IO.Compression;

namespace Weir.Simulator.Traces;

/// <summary>
/// Reads a CSV file with a header, plain or compressed (`.gz`). Fields may be in double quotes. Columns are found by name.
/// </summary>
internal sealed class CsvFile : IDisposable
{
    // Beyond this a line is not a line of a trace.
    private const int MaxLine = 1 << 20;

    private readonly StreamReader reader;
    private readonly Dictionary<string, int> columns = new(StringComparer.OrdinalIgnoreCase);
    private readonly List<string> fields = [];
    private bool openQuote;

    public CsvFile(string path)
    {
        Path = path;
        Stream stream;
        try
        {
            stream = File.OpenRead(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new TraceException(path, 0, $"cannot be read ({e.Message})");
        }
        if (path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase))
        {
            stream = new GZipStream(stream, CompressionMode.Decompress);
        }
        reader = new StreamReader(stream);
        if (!Read())
        {
            throw new TraceException(path, 0, "is empty; a header line with column names is needed");
        }
        for (int i = 0; i < fields.Count; i++)
        {
            columns.TryAdd(fields[i].Trim(), i);
        }
    }

    public string Path { get; }

    /// <summary>Number of the current line, from 1.</summary>
    public int Line { get; private set; }

    public bool Has(string column) => columns.ContainsKey(column);

    /// <summary>Throws unless all columns are there.</summary>
    public void Require(params ReadOnlySpan<string> names)
    {
        foreach (string name in names)
        {
            if (!Has(name))
            {
                throw new TraceException(
                    Path,
                    1,
                    $"has no column '{name}' (it has: {string.Join(", ", columns.Keys)})"
                );
            }
        }
    }

    /// <summary>Goes to the next line; false at the end. Blank lines are passed over.</summary>
    public bool Read()
    {
        try
        {
            while (reader.ReadLine() is { } line)
            {
                Line++;
                if (line.Length > MaxLine)
                {
                    throw new TraceException(Path, Line, $"is longer than {MaxLine} characters");
                }
                if (!string.IsNullOrWhiteSpace(line))
                {
                    Split(line);
                    return true;
                }
            }
            return false;
        }
        catch (InvalidDataException e)
        {
            throw new TraceException(Path, Line, $"is not properly compressed ({e.Message})");
        }
    }

    /// <summary>The field's text; empty when the line has no such field.</summary>
    public string Text(string column)
    {
        if (openQuote)
        {
            // Told here and not while reading, so that such a line can be passed over like any other bad one.
            throw new TraceException(Path, Line, "has a quote that is not closed");
        }
        return columns.TryGetValue(column, out int index) && index < fields.Count ? fields[index].Trim() : "";
    }

    /// <summary>A whole number from 0 to <paramref name="max"/>.</summary>
    public int Number(string column, int max)
    {
        string text = Text(column);
        if (text.Length == 0)
        {
            throw new TraceException(Path, Line, $"{column} is missing");
        }
        if (!long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long value))
        {
            throw new TraceException(Path, Line, $"{column} is '{text}', which is no whole number");
        }
        return value >= 0 && value <= max
            ? (int)value
            : throw new TraceException(Path, Line, $"{column} is {value}; 0 to {max} makes sense");
    }

    /// <summary>A number; <paramref name="missing"/> when the field is empty.</summary>
    public double Real(string column, double missing)
    {
        string text = Text(column);
        if (text.Length == 0)
        {
            return missing;
        }
        return
            double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value)
            && double.IsFinite(value)
            ? value
            : throw new TraceException(Path, Line, $"{column} is '{text}', which is no number");
    }

    public void Dispose() => reader.Dispose();

    private void Split(string line)
    {
        fields.Clear();
        openQuote = false;
        int start = 0;
        if (!line.Contains('"'))
        {
            for (int comma = line.IndexOf(','); comma >= 0; comma = line.IndexOf(',', start))
            {
                fields.Add(line[start..comma]);
                start = comma + 1;
            }
            fields.Add(line[start..]);
            return;
        }
        var field = new System.Text.StringBuilder();
        bool quoted = false;
        for (int i = 0; i < line.Length; i++)
        {
            char c = line[i];
            if (c == '"' && quoted && i + 1 < line.Length && line[i + 1] == '"')
            {
                field.Append('"');
                i++;
            }
            else if (c == '"')
            {
                quoted = !quoted;
            }
            else if (c == ',' && !quoted)
            {
                fields.Add(field.ToString());
                field.Clear();
            }
            else
            {
                field.Append(c);
            }
        }
        openQuote = quoted;
        fields.Add(field.ToString());
    }
}
