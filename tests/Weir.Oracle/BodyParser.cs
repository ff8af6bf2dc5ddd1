namespace Weir.Oracle;

/// <summary>Reads a function's body: declarations, labels and instructions, with the scopes of nested braces.</summary>
internal sealed class BodyParser(TokenStream tokens, Function function, Scope parameters)
{
    private Scope _scope = new(parameters);
    private readonly Stack<Scope> _outer = new();

    public void Parse()
    {
        while (true)
        {
            var token = tokens.Next();
            if (token.Text == "{")
            {
                _outer.Push(_scope);
                _scope = new Scope(_scope);
            }
            else if (token.Text == "}")
            {
                if (_outer.Count == 0)
                {
                    return;
                }
                _scope = _outer.Pop();
            }
            else if (token.Text == ";")
            {
                continue;
            }
            else if (token.Text.StartsWith('.'))
            {
                ParseDirective(token);
            }
            else if (token.IsWord && tokens.TryTake(":"))
            {
                ParseLabel(token.Text);
            }
            else
            {
                ParseInstruction(token);
            }
        }
    }

    private void ParseLabel(string name)
    {
        if (tokens.TryTake(".branchtargets"))
        {
            var labels = new List<string>();
            while (!tokens.TryTake(";"))
            {
                labels.Add(tokens.Next().Text);
                tokens.TryTake(",");
            }
            _scope.Declare(name, new BranchTargets(labels));
        }
        else if (tokens.Peek.Text == ".callprototype")
        {
            tokens.SkipTo(";");
        }
        else
        {
            _scope.Declare(name, new Label(function.Instructions.Count));
        }
    }

    private void ParseDirective(Token directive)
    {
        switch (directive.Text)
        {
            case ".reg":
                ParseRegisters();
                break;
            case ".local" or ".param" or ".shared" or ".global" or ".const":
                do
                {
                    var variable = Declaration.Read(tokens, directive.Text[1..], _scope, isExtern: false);
                    if (variable.Space is "local" or "param")
                    {
                        Declaration.PlaceInFrame(function, variable);
                    }
                    else if (variable.Space != "shared")
                    {
                        throw new OracleSyntaxException(directive.Line, $"{directive.Text} variable inside a function");
                    }
                    _scope.Declare(variable.Name, variable);
                } while (tokens.TryTake(","));
                tokens.Expect(";");
                break;
            case ".loc" or ".file":
                tokens.SkipLine(directive.Line);
                break;
            case ".pragma":
                tokens.SkipTo(";");
                break;
            default:
                throw new OracleSyntaxException(directive.Line, $"'{directive.Text}' is no directive of a function");
        }
    }

    private void ParseRegisters()
    {
        var word = tokens.Next();
        if (!PtxType.TryParse(word.Text.TrimStart('.'), out var type))
        {
            throw new OracleSyntaxException(word.Line, $"'{word.Text}' is no type of a register");
        }
        do
        {
            var name = tokens.Next().Text;
            if (tokens.TryTake("<"))
            {
                var count = int.Parse(tokens.Next().Text);
                tokens.Expect(">");
                for (var i = 0; i < count; i++)
                {
                    Declare(name + i, type);
                }
            }
            else
            {
                Declare(name, type);
            }
        } while (tokens.TryTake(","));
        tokens.Expect(";");
    }

    private void Declare(string name, PtxType type)
    {
        var register = new Register(name, type, function.Registers.Count);
        function.Registers.Add(register);
        _scope.Declare(name, register);
    }

    private void ParseInstruction(Token first)
    {
        RegisterOperand? guard = null;
        if (first.Text == "@")
        {
            var negated = tokens.TryTake("!");
            var name = tokens.Next();
            guard = _scope.Find(name.Text) is Register register
                ? new RegisterOperand(register, negated)
                : throw new OracleSyntaxException(name.Line, $"'{name.Text}' is no predicate");
            first = tokens.Next();
        }
        if (!first.IsWord)
        {
            throw new OracleSyntaxException(first.Line, $"'{first.Text}' begins no instruction");
        }
        var operands = new List<Operand>();
        while (!tokens.TryTake(";"))
        {
            operands.Add(ParseOperand());
            if (tokens.Peek.Text != ";")
            {
                tokens.Expect(",");
            }
        }
        var parts = first.Text.Split('.');
        function.Instructions.Add(
            new Instruction
            {
                Opcode = first.Text,
                Name = parts[0],
                // .shared::cta is .shared, .param::entry is .param
                Modifiers = parts[1..].Select(m => m.Split("::")[0]).ToArray(),
                Operands = operands,
                Guard = guard,
                Line = first.Line,
            }
        );
    }

    private Operand ParseOperand()
    {
        var operand = ParseSingle();
        return tokens.TryTake("|") ? new PairOperand(operand, ParseSingle()) : operand;
    }

    private Operand ParseSingle()
    {
        var token = tokens.Next();
        switch (token.Text)
        {
            case "_":
                return new SinkOperand();
            case "{":
                return new VectorOperand(ParseList("}"));
            case "(":
                return new ListOperand(ParseList(")"));
            case "[":
                return ParseAddress();
            case "!":
                return ParseSingle() is RegisterOperand r
                    ? r with
                    {
                        Negated = true,
                    }
                    : throw new OracleSyntaxException(token.Line, "only a predicate can be negated");
            case "-":
                return new LiteralOperand(tokens.Next().Text, Negative: true);
        }
        if (token.IsNumber)
        {
            return new LiteralOperand(token.Text, Negative: false);
        }
        if (!token.IsWord)
        {
            throw new OracleSyntaxException(token.Line, $"'{token.Text}' is no operand");
        }
        var operand = Named(token);
        if (operand is VariableOperand variable)
        {
            return variable with { Offset = ParseOffset() };
        }
        return operand;
    }

    private Operand Named(Token token)
    {
        switch (_scope.Find(token.Text))
        {
            case Register register:
                return new RegisterOperand(register, false);
            case Variable variable:
                if (variable.Space == "shared")
                {
                    function.Shared.Add(variable);
                }
                return new VariableOperand(variable, 0);
        }
        if (token.Text.StartsWith('%'))
        {
            return new SpecialOperand(token.Text);
        }
        if (token.Text == "WARP_SZ")
        {
            return new LiteralOperand("32", Negative: false);
        }
        function.Callees.Add(token.Text); // perhaps a label; a look-up of functions tells
        return new NameOperand(token.Text, _scope);
    }

    private List<Operand> ParseList(string end)
    {
        var items = new List<Operand>();
        while (!tokens.TryTake(end))
        {
            items.Add(ParseSingle());
            if (tokens.Peek.Text != end)
            {
                tokens.Expect(",");
            }
        }
        return items;
    }

    private Operand ParseAddress()
    {
        var token = tokens.Next();
        var @base = token.IsNumber ? new LiteralOperand(token.Text, Negative: false) : Named(token);
        if (tokens.TryTake(","))
        {
            tokens.Expect("{");
            var coordinates = new VectorOperand(ParseList("}"));
            tokens.Expect("]");
            return new TextureOperand(@base, coordinates);
        }
        var offset = ParseOffset();
        tokens.Expect("]");
        return new AddressOperand(@base, offset);
    }

    private long ParseOffset()
    {
        long offset = 0;
        while (tokens.Peek.Text is "+" or "-")
        {
            var minus = tokens.Next().Text == "-";
            minus ^= tokens.TryTake("-");
            var number = tokens.Next();
            var value = (long)Literal.Integer(number.Text, number.Line);
            offset += minus ? -value : value;
        }
        return offset;
    }
}
