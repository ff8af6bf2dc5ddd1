using System.Buffers.Binary;

namespace Weir.Oracle;

/// <summary>Reads a whole PTX text: variables, functions, and through <see cref="BodyParser"/> their instructions.</summary>
internal sealed class ModuleParser
{
    private readonly TokenStream _tokens;

    public ModuleParser(string text) => _tokens = new TokenStream(Lexer.Scan(text));

    public Scope Globals { get; } = new(null);

    public List<Variable> Variables { get; } = [];

    public Dictionary<string, Function> Functions { get; } = [];

    public void Parse()
    {
        while (!_tokens.AtEnd)
        {
            var token = _tokens.Next();
            switch (token.Text)
            {
                case ".version" or ".address_size":
                    _tokens.Next();
                    break;
                case ".target" or ".file":
                    _tokens.SkipLine(token.Line);
                    break;
                case ".visible" or ".extern" or ".weak" or ".common":
                    ParseItem(_tokens.Next(), token.Text == ".extern");
                    break;
                case ".section":
                    _tokens.SkipTo("{");
                    _tokens.SkipTo("}");
                    break;
                case ";":
                    break;
                default:
                    ParseItem(token, isExtern: false);
                    break;
            }
        }
    }

    private void ParseItem(Token token, bool isExtern)
    {
        switch (token.Text)
        {
            case ".entry" or ".func":
                ParseFunction(token.Text == ".entry");
                break;
            case ".global" or ".const" or ".shared":
                do
                {
                    var variable = Declaration.Read(_tokens, token.Text[1..], Globals, isExtern);
                    Globals.Declare(variable.Name, variable);
                    Variables.Add(variable);
                } while (_tokens.TryTake(","));
                _tokens.Expect(";");
                break;
            default:
                throw new OracleSyntaxException(token.Line, $"'{token.Text}' is no directive of a module");
        }
    }

    private void ParseFunction(bool isEntry)
    {
        var scope = new Scope(Globals);
        var function = new Function { Name = "", IsEntry = isEntry };
        var results = new List<Variable>();
        if (_tokens.TryTake("("))
        {
            ReadParameters(function, results, scope);
        }
        function = new Function
        {
            Name = _tokens.Next().Text,
            IsEntry = isEntry,
            FrameBytes = function.FrameBytes,
        };
        function.Results.AddRange(results);
        function.Registers.AddRange(results.Where(r => r.Register is not null).Select(r => r.Register!));
        if (_tokens.TryTake("("))
        {
            ReadParameters(function, function.Parameters, scope);
        }
        while (_tokens.Peek.Text is not ("{" or ";"))
        {
            _tokens.Next(); // .maxntid, .reqntid, .noreturn, .pragma and the like do not change results
        }
        if (_tokens.TryTake(";"))
        {
            Functions.TryAdd(function.Name, function);
            return;
        }
        _tokens.Expect("{");
        function.HasBody = true;
        Functions[function.Name] = function;
        new BodyParser(_tokens, function, scope).Parse();
    }

    private void ReadParameters(Function function, List<Variable> into, Scope scope)
    {
        ulong offset = 0;
        while (!_tokens.TryTake(")"))
        {
            var kind = _tokens.Next();
            var variable = kind.Text switch
            {
                ".param" => Declaration.Read(_tokens, function.IsEntry ? "entry" : "param", scope, isExtern: false),
                ".reg" => RegisterParameter(function, scope),
                _ => throw new OracleSyntaxException(kind.Line, $"'{kind.Text}' begins no parameter"),
            };
            if (function.IsEntry)
            {
                offset = Declaration.Align(offset, variable.AlignBytes);
                variable.Address = offset;
                offset += (ulong)variable.SizeBytes;
            }
            else if (variable.Register is null)
            {
                Declaration.PlaceInFrame(function, variable);
            }
            scope.Declare(variable.Name, (object?)variable.Register ?? variable);
            into.Add(variable);
            _tokens.TryTake(",");
        }
    }

    private Variable RegisterParameter(Function function, Scope scope)
    {
        var shape = Declaration.Read(_tokens, "param", scope, isExtern: false);
        var type = shape.SizeBytes switch
        {
            0 => PtxType.Predicate,
            _ => new PtxType('b', shape.SizeBytes * 8),
        };
        var register = new Register(shape.Name, type, function.Registers.Count);
        function.Registers.Add(register);
        return new Variable
        {
            Name = shape.Name,
            Space = "param",
            SizeBytes = shape.SizeBytes,
            AlignBytes = shape.AlignBytes,
            Register = register,
        };
    }
}

/// <summary>Variable declarations, which look alike in modules, functions and parameter lists.</summary>
internal static class Declaration
{
    /// <summary>Reads what follows the state space: attributes, type, name, extent, initial value.</summary>
    public static Variable Read(TokenStream tokens, string space, Scope scope, bool isExtern)
    {
        var align = 0;
        var count = 1;
        PtxType? type = null;
        while (tokens.Peek.Text.StartsWith('.'))
        {
            var word = tokens.Next();
            if (word.Text == ".align")
            {
                // After .ptr it speaks of what the pointer points at.
                var value = int.Parse(tokens.Next().Text);
                align = type is null ? value : align;
            }
            else if (word.Text is ".v2" or ".v4")
            {
                count = word.Text[2] - '0';
            }
            else if (PtxType.TryParse(word.Text[1..], out var parsed))
            {
                type = parsed;
            }
            else if (word.Text is not (".ptr" or ".global" or ".shared" or ".const" or ".local"))
            {
                throw new OracleSyntaxException(word.Line, $"'{word.Text}' in a declaration");
            }
        }
        var name = tokens.Next();
        var element = type ?? throw new OracleSyntaxException(name.Line, $"{name.Text} has no type");
        var elementBytes = element.Kind == 'p' ? 0 : element.Bytes;
        var isOpenArray = false;
        long extent = count;
        while (tokens.TryTake("["))
        {
            if (tokens.TryTake("]"))
            {
                isOpenArray = true;
                continue;
            }
            extent *= int.Parse(tokens.Next().Text);
            tokens.Expect("]");
        }
        align = Math.Max(align, elementBytes * count);
        byte[]? initial = null;
        var relocations = new List<(int, string, long)>();
        if (tokens.TryTake("="))
        {
            var bytes = new List<byte>();
            ReadInitial(tokens, element, bytes, relocations);
            if (isOpenArray)
            {
                extent = bytes.Count / elementBytes;
                isOpenArray = false;
            }
            initial = new byte[extent * elementBytes];
            bytes.CopyTo(initial);
        }
        var variable = new Variable
        {
            Name = name.Text,
            Space = space,
            SizeBytes = isOpenArray ? 0 : checked((int)(extent * elementBytes)),
            AlignBytes = Math.Max(align, 1),
            IsDynamic = space == "shared" && (isOpenArray || isExtern),
            Initial = initial,
        };
        variable.Relocations.AddRange(relocations);
        return variable;
    }

    public static ulong Align(ulong offset, int alignment) =>
        (offset + (ulong)alignment - 1) / (ulong)alignment * (ulong)alignment;

    public static void PlaceInFrame(Function function, Variable variable)
    {
        variable.Address = Align((ulong)function.FrameBytes, variable.AlignBytes);
        function.FrameBytes = (int)variable.Address + variable.SizeBytes;
    }

    private static void ReadInitial(
        TokenStream tokens,
        PtxType type,
        List<byte> bytes,
        List<(int, string, long)> relocations
    )
    {
        if (tokens.TryTake("{"))
        {
            while (!tokens.TryTake("}"))
            {
                ReadInitial(tokens, type, bytes, relocations);
                tokens.TryTake(",");
            }
            return;
        }
        var negative = tokens.TryTake("-");
        var token = tokens.Next();
        ulong value = 0;
        if (token.IsNumber)
        {
            value = Literal.Bits(token.Text, negative, type, token.Line);
        }
        else
        {
            var name = token.Text;
            if (name == "generic" && tokens.TryTake("("))
            {
                name = tokens.Next().Text;
                tokens.Expect(")");
            }
            long addend = 0;
            if (tokens.TryTake("+"))
            {
                addend = (long)Literal.Integer(tokens.Next().Text, token.Line);
            }
            relocations.Add((bytes.Count, name, addend));
        }
        Span<byte> eight = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(eight, value);
        bytes.AddRange(eight[..type.Bytes]);
    }
}
