using System.Text;
using Weir.Kernels.Ir;
using Weir.Kernels.Lowering;

namespace Weir.Kernels.Ptx;

/// <summary>
/// A PTX module. Reading it finds its variables and the signatures of its kernels; a kernel's body is parsed when it is
/// lowered, so a text of megabytes costs milliseconds. Safe for use by many threads at once.
/// </summary>
public sealed class PtxModule
{
    private readonly ReadOnlyMemory<byte> _text;
    private readonly PtxModuleReader _reader;
    private readonly Dictionary<string, PtxEntry> _entries;
    private readonly Dictionary<string, PtxDeclaration> _variables;
    private readonly HashSet<string> _externs;

    private PtxModule(ReadOnlyMemory<byte> text, PtxModuleReader reader)
    {
        _text = text;
        _reader = reader;
        _entries = reader.Entries.ToDictionary(e => e.Name, StringComparer.Ordinal);
        _variables = reader.VariableTexts.ToDictionary(v => v.Key, v => v.Value.Declaration, StringComparer.Ordinal);
        _externs = reader.Variables.Where(v => v.IsExtern).Select(v => v.Name).ToHashSet(StringComparer.Ordinal);
    }

    /// <summary>.version of the text.</summary>
    public (int Major, int Minor) Version => _reader.Version;

    /// <summary>.target of the text, such as <c>sm_90a</c>.</summary>
    public string Target => _reader.Target;

    /// <summary>Number of <see cref="Target"/>: compute capability times ten.</summary>
    public int TargetSm => _reader.TargetSm;

    /// <summary>Kernels in text order.</summary>
    public IReadOnlyList<PtxEntry> Entries => _reader.Entries;

    /// <summary>Variables in text order: those in .global and .const are to be placed and filled when the module is loaded.</summary>
    public IReadOnlyList<PtxVariable> Variables => _reader.Variables;

    /// <summary>Reads a module.</summary>
    /// <param name="text">PTX text; ends at the first NUL, if there is one. Must not change while the module lives.</param>
    /// <exception cref="PtxException">The text is malformed, or its target, version or address size is not supported.</exception>
    public static PtxModule Parse(ReadOnlyMemory<byte> text)
    {
        var end = text.Span.IndexOf((byte)0);
        text = end < 0 ? text : text[..end];
        var reader = new PtxModuleReader();
        reader.Read(text.Span);
        return new PtxModule(text, reader);
    }

    /// <summary>True when there is a function (not a kernel) of that name.</summary>
    public bool HasFunction(string name) => _reader.Functions.TryGetValue(name, out var found) && !found.IsEntry;

    /// <summary>Finds a kernel by name; null when there is none.</summary>
    public PtxEntry? FindEntry(string name) => _entries.GetValueOrDefault(name);

    /// <summary>Parses a kernel with the functions it calls, and lowers it.</summary>
    /// <exception cref="PtxException">
    /// The text is malformed, or uses what is not supported (<see cref="PtxException.Unsupported"/>); also when there is no such kernel.
    /// </exception>
    public IrFunction Lower(string entryName)
    {
        var entry = FindEntry(entryName) ?? throw new PtxException($"the module has no entry '{entryName}'", 0);
        var bodies = new Dictionary<PtxFunction, PtxBlock>();
        return EntryLowering.Lower(
            entry,
            _reader.Functions[entryName],
            TargetSm,
            _variables,
            _reader.Functions,
            _externs,
            Taken,
            function =>
            {
                if (!bodies.TryGetValue(function, out var body))
                {
                    body = PtxBodyParser.Parse(_text.Span, function.BodyStart, function.BodyLine);
                    bodies.Add(function, body);
                }

                return body;
            }
        );
    }

    /// <summary>
    /// The text that makes up one kernel: header, the variables and functions that it names directly or through
    /// others, and itself. It is a module of its own and identifies the kernel for caches.
    /// </summary>
    public byte[] EntryText(string entryName)
    {
        using var stream = new MemoryStream();
        var text = _text.Span;
        foreach (var (start, end, _) in EntryParts(entryName))
        {
            stream.Write(text[start..end]);
        }

        return stream.ToArray();
    }

    /// <summary>The line of this module's text for a line of <see cref="EntryText"/>; 0 when there is none.</summary>
    public int MapLine(string entryName, int entryTextLine)
    {
        var line = 1;
        foreach (var (start, end, first) in EntryParts(entryName))
        {
            var lines = _text.Span[start..end].Count((byte)'\n');
            if (entryTextLine <= line + lines)
            {
                return first + entryTextLine - line;
            }

            line += lines;
        }

        return 0;
    }

    private IReadOnlyList<PtxFunction> Taken => _taken ??= TakenFunctions.Find(_text.Span, _reader.Functions);

    private IReadOnlyList<PtxFunction>? _taken;

    // Places of the texts in order, each with its first line.
    private List<(int Start, int End, int Line)> EntryParts(string entryName)
    {
        if (!_entries.ContainsKey(entryName))
        {
            throw new PtxException($"the module has no entry '{entryName}'", 0);
        }

        var entry = _reader.Functions[entryName];
        var parts = new SortedDictionary<int, (int Start, int End, int Line)>
        {
            [0] = (0, _reader.HeaderEnd, 1),
            [entry.Start] = (entry.Start, entry.End, entry.Line),
        };
        Span<char> name = stackalloc char[256];
        var open = new Stack<(int Start, int End, int Line)>([parts[entry.Start]]);
        while (open.TryPop(out var part))
        {
            // Names stand in words; what is looked up in vain costs a hash.
            var tokens = new PtxLexer(_text.Span[..part.End], part.Start, part.Line);
            var functions = _reader.Functions.GetAlternateLookup<ReadOnlySpan<char>>();
            var variables = _reader.VariableTexts.GetAlternateLookup<ReadOnlySpan<char>>();
            for (var token = tokens.Next(); token.Kind != PtxTokenKind.End; token = tokens.Next())
            {
                if (
                    token.Kind == PtxTokenKind.Dotted
                    && (
                        tokens.Bytes(token).SequenceEqual(".callprototype"u8)
                        || tokens.Bytes(token).SequenceEqual(".calltargets"u8)
                    )
                )
                {
                    // A call through a pointer, which may come from anywhere.
                    foreach (var target in Taken)
                    {
                        if (parts.TryAdd(target.Start, (target.Start, target.End, target.Line)))
                        {
                            open.Push((target.Start, target.End, target.Line));
                        }
                    }
                }

                if (token.Kind != PtxTokenKind.Word)
                {
                    continue;
                }

                var word =
                    token.Length <= name.Length
                        ? name[..Encoding.Latin1.GetChars(tokens.Bytes(token), name)]
                        : (ReadOnlySpan<char>)tokens.Text(token);
                (int Start, int End, int Line) found;
                if (functions.TryGetValue(word, out var function))
                {
                    found = (function.Start, function.End, function.Line);
                }
                else if (variables.TryGetValue(word, out var variable))
                {
                    found = (variable.Start, variable.End, variable.Line);
                }
                else
                {
                    continue;
                }

                if (parts.TryAdd(found.Start, found))
                {
                    open.Push(found);
                }
            }
        }

        return [.. parts.Values];
    }
}
