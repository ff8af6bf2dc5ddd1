using Weir.Generators.Model;

namespace Weir.Generators.Parsing;

/// <summary>Parses one file of the API description (grammar: src/Weir.Api/Cuda/README.md). Never throws on any text.</summary>
internal sealed class ApiParser
{
    private readonly string _path;
    private readonly List<ParsedType> _types = [];
    private readonly List<ParsedCall> _calls = [];
    private readonly List<ApiDiagnostic> _diagnostics = [];
    private ApiFamily? _family;
    private string _doc = "";
    private int _line;

    private ApiParser(string path) => _path = path;

    public static ParsedFile Parse(string path, string text)
    {
        ApiParser parser = new(path);
        foreach ((string line, int number) in LogicalLines(text))
        {
            parser._line = number;
            parser.ParseLine(line);
        }
        return new ParsedFile(
            path,
            parser._family,
            new EquatableArray<ParsedType>([.. parser._types]),
            new EquatableArray<ParsedCall>([.. parser._calls]),
            new EquatableArray<ApiDiagnostic>([.. parser._diagnostics])
        );
    }

    /// <summary>A line that begins with white space continues the one before.</summary>
    private static IEnumerable<(string Text, int Number)> LogicalLines(string text)
    {
        string? pending = null;
        int pendingNumber = 0;
        int number = 0;
        foreach (string raw in text.Split('\n'))
        {
            number++;
            string line = raw.TrimEnd();
            if (line.Length == 0)
            {
                continue;
            }
            if (char.IsWhiteSpace(line[0]) && pending is not null && !pending.StartsWith("#", StringComparison.Ordinal))
            {
                pending += " " + line.TrimStart();
                continue;
            }
            if (pending is not null)
            {
                yield return (pending, pendingNumber);
            }
            pending = line.TrimStart();
            pendingNumber = number;
        }
        if (pending is not null)
        {
            yield return (pending, pendingNumber);
        }
    }

    private void ParseLine(string line)
    {
        if (line.StartsWith("##", StringComparison.Ordinal))
        {
            string text = line.Substring(2).Trim();
            _doc = _doc.Length == 0 ? text : _doc + " " + text;
            return;
        }
        if (line[0] == '#')
        {
            return;
        }
        LineScanner scanner = new(line);
        switch (scanner.Peek())
        {
            case "api":
                ParseFamily(scanner);
                break;
            case "type":
                ParseType(scanner);
                break;
            case "refuse" when line.IndexOf('(') < 0:
                ParseRefuse(scanner);
                break;
            default:
                ParseCall(scanner, line);
                break;
        }
        _doc = "";
    }

    /// <summary><c>api cu CuResult LocalCalls</c>, <c>api cl ClResult OpenClCalls table</c></summary>
    private void ParseFamily(LineScanner scanner)
    {
        scanner.Word();
        string prefix = scanner.Word();
        string result = scanner.Word();
        string local = scanner.Word();
        string reached = scanner.Word();
        if (
            local.Length == 0
            || reached is not ("" or "table")
            || !scanner.AtEnd
            || !IsIdentifier(prefix)
            || !IsIdentifier(result)
            || !IsIdentifier(local)
        )
        {
            Report(DiagnosticCatalog.Syntax, "expected: api PREFIX RESULT_TYPE LOCAL_CLASS [table]");
            return;
        }
        _family = new ApiFamily(prefix, result, local, reached.Length > 0);
    }

    /// <summary><c>type CUstream handle Stream 2</c>, <c>type size_t scalar nuint</c></summary>
    private void ParseType(LineScanner scanner)
    {
        scanner.Word();
        string name = TypeName(scanner.Token(), scanner);
        string category = scanner.Word();
        string target = scanner.Word();
        TypeCategory? kind = category switch
        {
            "scalar" => TypeCategory.Scalar,
            "enum" => TypeCategory.Enum,
            "handle" => TypeCategory.Handle,
            "struct" => TypeCategory.Struct,
            "opaque" => TypeCategory.Opaque,
            _ => null,
        };
        int specialValue = -1;
        bool specialOk = true;
        string error = "InvalidHandle";
        while (!scanner.AtEnd)
        {
            string rest = scanner.Token();
            const string ErrorIs = "error=";
            if (rest.StartsWith(ErrorIs, StringComparison.Ordinal))
            {
                specialOk &= IsIdentifier(error = rest.Substring(ErrorIs.Length));
            }
            else
            {
                specialOk &= int.TryParse(rest, out specialValue);
            }
        }
        if (kind is null || target.Length == 0 || !IsIdentifier(target) || !specialOk || !scanner.AtEnd)
        {
            Report(
                DiagnosticCatalog.Syntax,
                "expected: type C_NAME scalar|enum|handle|struct|opaque TARGET [SPECIAL] [error=MEMBER]"
            );
            return;
        }
        bool isHandle = kind == TypeCategory.Handle;
        ApiType type = new(name, kind.Value, isHandle ? "nint" : target, isHandle ? target : "", specialValue, error);
        _types.Add(new ParsedType(type, _line));
    }

    /// <summary><c>refuse cuFoo@12000 cuBar_v2=cuBar@13000 cuBaz_ptsz</c></summary>
    private void ParseRefuse(LineScanner scanner)
    {
        scanner.Word();
        while (!scanner.AtEnd)
        {
            string token = scanner.Token();
            if (ParseExport(token, "", out ExportName? export))
            {
                AddCall(
                    new ApiCall(
                        0,
                        CallForm.Refuse,
                        _family?.Prefix ?? "",
                        export!.Symbol,
                        export.Symbol,
                        default,
                        new EquatableArray<ExportName>([export]),
                        PerThreadForm.None,
                        "",
                        ClientCustom: false,
                        WorkerCustom: false,
                        Reports: false,
                        Blocks: false,
                        InDriver: false,
                        "",
                        null,
                        Slot: -1,
                        ""
                    )
                );
            }
        }
    }

    private void ParseCall(LineScanner scanner, string line)
    {
        string first = scanner.Word();
        int number = 0;
        if (first.Length > 0 && char.IsDigit(first[0]))
        {
            if (!int.TryParse(first, out number) || number is < 1 or > 4095)
            {
                Report(DiagnosticCatalog.Syntax, $"call number '{first}' is not in 1..4095");
                return;
            }
            first = scanner.Word();
        }
        CallForm? form = first switch
        {
            "local" => CallForm.Local,
            "custom" => CallForm.Custom,
            "post" => CallForm.Post,
            "call" => CallForm.Call,
            "refuse" => CallForm.Refuse,
            "op" => scanner.Word() switch
            {
                "post" => CallForm.PostOp,
                "call" => CallForm.CallOp,
                _ => null,
            },
            _ => null,
        };
        string symbol = scanner.Word();
        if (form is null || !IsIdentifier(symbol) || !scanner.Take('('))
        {
            Report(
                DiagnosticCatalog.Syntax,
                $"expected: [NUMBER] local|custom|post|call|op post|op call NAME(…), not: {line}"
            );
            return;
        }
        List<ApiParameter> parameters = [];
        while (true)
        {
            string? part = scanner.Until(',', ')');
            if (part is null)
            {
                Report(DiagnosticCatalog.Syntax, $"{symbol}: no closing parenthesis");
                return;
            }
            if (part.Trim() is { Length: > 0 } text && text != "void")
            {
                if (ParameterParser.Parse(text, out string error, out string id) is not { } parameter)
                {
                    Report(id, $"{symbol}: {error}");
                    return;
                }
                parameters.Add(parameter);
            }
            if (scanner.Take(')'))
            {
                break;
            }
            scanner.Take(',');
        }
        ParseAttributes(scanner, number, form.Value, symbol, parameters);
    }

    private void ParseAttributes(
        LineScanner scanner,
        int number,
        CallForm form,
        string symbol,
        List<ApiParameter> parameters
    )
    {
        string prefix = _family?.Prefix ?? "";
        string baseName = SymbolNames.Base(symbol);
        string name = SymbolNames.Method(symbol, prefix);
        int since = 2000;
        List<ExportName> aliases = [];
        PerThreadForm perThread = PerThreadForm.None;
        string twin = "";
        int perThreadSince = 7000;
        bool client = false;
        bool worker = false;
        bool reports = false;
        bool blocks = false;
        bool driver = true;
        string returns = "";
        Carriage? carriage = null;
        int slot = -1;
        bool isExported = _family?.IsTable != true;
        while (!scanner.AtEnd)
        {
            string token = scanner.Token();
            int equals = token.IndexOf('=');
            string key = equals < 0 ? token : token.Substring(0, equals);
            string value = equals < 0 ? "" : token.Substring(equals + 1);
            bool known = key switch
            {
                "since" => int.TryParse(value, out since),
                "base" => IsIdentifier(baseName = value),
                "name" => IsIdentifier(name = value),
                "alias" => AddAlias(aliases, value),
                "ptsz" => SetPerThread(value, ref perThread, ref perThreadSince),
                "ptds" => IsIdentifier(twin = value),
                "client" => client = value.Length == 0,
                "worker" => worker = value.Length == 0,
                "reports" => reports = value.Length == 0,
                "blocks" => blocks = value.Length == 0,
                "returns" => SymbolNames.TryReturn(value, out returns),
                "slot" => int.TryParse(value, out slot) && slot >= 0,
                "export" => isExported = value.Length == 0,
                "nodriver" => !(driver = value.Length != 0),
                "carry" => (carriage = Carriage.Parse(value)) is not null,
                _ => false,
            };
            if (!known)
            {
                Report(DiagnosticCatalog.UnknownAttribute, $"{symbol}: attribute '{token}' not understood");
                return;
            }
        }
        bool isOp = form is CallForm.PostOp or CallForm.CallOp;
        List<ExportName> exports = [];
        if (!isOp && isExported)
        {
            string asked = prefix == "cu" ? baseName : "";
            exports.Add(new ExportName(symbol, asked, since, ""));
            exports.AddRange(aliases);
            if (twin.Length > 0)
            {
                perThread = twin == "self" ? PerThreadForm.Same : PerThreadForm.Twin;
                exports.Add(new ExportName(symbol + "_ptds", asked, Math.Max(since, perThreadSince), symbol));
            }
            else if (perThread != PerThreadForm.None)
            {
                exports.Add(new ExportName(symbol + "_ptsz", asked, Math.Max(since, perThreadSince), symbol));
            }
        }
        AddCall(
            new ApiCall(
                number,
                form,
                prefix,
                symbol,
                name,
                new EquatableArray<ApiParameter>([.. parameters]),
                new EquatableArray<ExportName>([.. exports]),
                perThread,
                perThread == PerThreadForm.Twin ? twin : "",
                client || form == CallForm.Custom,
                worker || isOp,
                reports,
                blocks,
                driver && !isOp && form != CallForm.Refuse && prefix is ("cu" or "cl"),
                returns,
                carriage,
                slot,
                _doc
            )
        );
    }

    private bool AddAlias(List<ExportName> aliases, string value)
    {
        if (!ParseExport(value, "", out ExportName? alias))
        {
            return false;
        }
        aliases.Add(alias!);
        return true;
    }

    private static bool SetPerThread(string value, ref PerThreadForm form, ref int since)
    {
        form = value.StartsWith("custom", StringComparison.Ordinal) ? PerThreadForm.Custom : PerThreadForm.Stream;
        string rest = form == PerThreadForm.Custom ? value.Substring("custom".Length) : value;
        return rest.Length == 0 || (rest[0] == '@' && int.TryParse(rest.Substring(1), out since));
    }

    /// <summary><c>SYMBOL[=BASE][@VERSION]</c>; a base of <c>-</c> keeps the name out of the table.</summary>
    private bool ParseExport(string token, string perThreadOf, out ExportName? export)
    {
        export = null;
        string text = token;
        int since = 2000;
        int at = text.IndexOf('@');
        bool versionOk = true;
        if (at >= 0)
        {
            versionOk = int.TryParse(text.Substring(at + 1), out since);
            text = text.Substring(0, at);
        }
        int equals = text.IndexOf('=');
        string symbol = equals < 0 ? text : text.Substring(0, equals);
        string baseName = equals < 0 ? SymbolNames.Base(symbol) : text.Substring(equals + 1);
        if (!versionOk || !IsIdentifier(symbol) || (baseName != "-" && !IsIdentifier(baseName)))
        {
            Report(DiagnosticCatalog.Syntax, $"'{token}' is not SYMBOL[=BASE][@VERSION]");
            return false;
        }
        string variantOf = SymbolNames.IsPerThread(symbol) ? symbol.Substring(0, symbol.Length - 5) : perThreadOf;
        bool inTable = baseName != "-" && (_family?.Prefix ?? "cu") == "cu";
        export = new ExportName(symbol, inTable ? baseName : "", since, variantOf);
        return true;
    }

    private void AddCall(ApiCall call)
    {
        if (_family is null)
        {
            Report(
                DiagnosticCatalog.MissingFamily,
                $"{call.Symbol}: a line 'api PREFIX RESULT_TYPE LOCAL_CLASS' must come first"
            );
            return;
        }
        _calls.Add(new ParsedCall(call, _line));
    }

    private void Report(string id, string message) => _diagnostics.Add(new ApiDiagnostic(id, _path, _line, message));

    private static string TypeName(string token, LineScanner scanner)
    {
        string name = token;
        while (token is "unsigned" or "long" or "signed" && scanner.Peek() is "int" or "char" or "short" or "long")
        {
            token = scanner.Word();
            name += " " + token;
        }
        return name;
    }

    private static bool IsIdentifier(string text) =>
        text.Length > 0
        && !char.IsDigit(text[0])
        && text.All(c => c is '_' or (>= 'a' and <= 'z') or (>= 'A' and <= 'Z') or (>= '0' and <= '9'));
}
