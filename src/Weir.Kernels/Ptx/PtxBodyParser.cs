namespace Weir.Kernels.Ptx;

/// <summary>Parses the statements of a body.</summary>
internal static class PtxBodyParser
{
    private const int MaxNesting = 64;

    /// <summary>Parses from behind the opening brace to the closing one.</summary>
    public static PtxBlock Parse(ReadOnlySpan<byte> text, int start, int line)
    {
        var tokens = new PtxTokenStream(text, start, line);
        return Statements(ref tokens, line, 0);
    }

    /// <summary>Goes behind <c>.pragma "...", ...;</c>: pragmas are hints.</summary>
    public static void SkipPragma(ref PtxTokenStream tokens)
    {
        tokens.Take();
        do
        {
            if (tokens.Current.Kind != PtxTokenKind.Text)
            {
                throw tokens.Unexpected("a string");
            }

            tokens.Take();
        } while (tokens.TryTake(','));
        tokens.Expect(';');
    }

    private static PtxBlock Statements(ref PtxTokenStream tokens, int line, int depth)
    {
        if (depth > MaxNesting)
        {
            throw new PtxException($"blocks are nested more than {MaxNesting} deep", line);
        }

        var statements = new List<PtxStatement>();
        while (!tokens.TryTake('}'))
        {
            var here = tokens.Line;
            if (tokens.TryTake('{'))
            {
                statements.Add(Statements(ref tokens, here, depth + 1));
            }
            else if (tokens.Current.Kind == PtxTokenKind.Dotted)
            {
                Directive(ref tokens, statements);
            }
            else if (tokens.TryTake('@'))
            {
                var negated = tokens.TryTake('!');
                var guard = tokens.ExpectWord("a predicate");
                var opcode = tokens.ExpectWord("an instruction");
                statements.Add(Instruction(ref tokens, opcode, here) with { Guard = guard, GuardNegated = negated });
            }
            else if (tokens.Current.Kind == PtxTokenKind.Word)
            {
                var word = tokens.Text(tokens.Take());
                if (tokens.TryTake(':'))
                {
                    Label(ref tokens, word, here, statements);
                }
                else
                {
                    statements.Add(Instruction(ref tokens, word, here));
                }
            }
            else if (!tokens.TryTake(';'))
            {
                throw tokens.Unexpected("an instruction");
            }
        }

        return new PtxBlock(statements, line);
    }

    private static void Label(ref PtxTokenStream tokens, string name, int line, List<PtxStatement> statements)
    {
        if (tokens.TryTakeDotted(".branchtargets"u8))
        {
            var labels = new List<string>();
            do
            {
                labels.Add(tokens.ExpectWord("a label"));
            } while (tokens.TryTake(','));
            tokens.Expect(';');
            statements.Add(new PtxBranchTargets(name, labels, line));
        }
        else if (tokens.AtDotted(".callprototype"u8) || tokens.AtDotted(".calltargets"u8))
        {
            while (!tokens.TryTake(';'))
            {
                if (tokens.Current.Kind == PtxTokenKind.End)
                {
                    throw tokens.Unexpected("';'");
                }

                tokens.Take();
            }

            statements.Add(new PtxCallPrototype(name, line));
        }
        else
        {
            statements.Add(new PtxLabel(name, line));
        }
    }

    private static void Directive(ref PtxTokenStream tokens, List<PtxStatement> statements)
    {
        var line = tokens.Line;
        switch (tokens.Text(tokens.Current))
        {
            case ".reg":
            case ".local":
            case ".shared":
            case ".param":
            case ".global":
            case ".const":
                var declarations = new List<PtxDeclaration>();
                PtxDeclarationParser.ParseStatement(ref tokens, declarations);
                foreach (var declaration in declarations)
                {
                    statements.Add(Declaration(declaration));
                }

                return;
            case ".loc":
                tokens.Take();
                Location(ref tokens);
                return;
            case ".pragma":
                SkipPragma(ref tokens);
                return;
            default:
                throw new PtxException(
                    $"unsupported directive {tokens.Text(tokens.Current)} in a body",
                    line,
                    unsupported: true
                );
        }
    }

    private static PtxStatement Declaration(PtxDeclaration declaration)
    {
        if (declaration.Space != "reg")
        {
            return new PtxLocalVariable(declaration, declaration.Line);
        }

        if (declaration.VectorLength != 1)
        {
            throw new PtxException("vector registers are not supported", declaration.Line, unsupported: true);
        }

        return new PtxRegisters(declaration.Name, declaration.RangeCount, declaration.Type, declaration.Line);
    }

    // .loc file line column [, function_name label [+ n], inlined_at file line column]
    private static void Location(ref PtxTokenStream tokens)
    {
        for (var i = 0; i < 3; i++)
        {
            tokens.ExpectSmallInteger("a line number");
        }

        if (!tokens.TryTake(','))
        {
            return;
        }

        tokens.ExpectWord("function_name");
        tokens.ExpectWord("a label");
        if (tokens.TryTake('+'))
        {
            tokens.ExpectSmallInteger("an offset");
        }

        tokens.Expect(',');
        tokens.ExpectWord("inlined_at");
        for (var i = 0; i < 3; i++)
        {
            tokens.ExpectSmallInteger("a line number");
        }
    }

    private static PtxInstruction Instruction(ref PtxTokenStream tokens, string opcode, int line)
    {
        List<string> modifiers = [];
        while (tokens.Current.Kind == PtxTokenKind.Dotted)
        {
            modifiers.Add(tokens.Text(tokens.Take())[1..]);
        }

        List<PtxOperand> operands = [];
        if (!tokens.TryTake(';'))
        {
            do
            {
                operands.Add(Operand(ref tokens, 0));
            } while (tokens.TryTake(','));
            tokens.Expect(';');
        }

        return new PtxInstruction(opcode, modifiers, operands, line);
    }

    private static PtxOperand Operand(ref PtxTokenStream tokens, int depth)
    {
        if (depth > 4)
        {
            throw new PtxException("an operand is nested too deeply", tokens.Line);
        }

        if (tokens.TryTake('{'))
        {
            return new PtxOperand(PtxOperandKind.Vector) { Items = Items(ref tokens, '}', depth) };
        }

        if (tokens.TryTake('('))
        {
            // "(a, b)" of a call, or a constant in parentheses.
            return new PtxOperand(PtxOperandKind.List)
            {
                Items = tokens.TryTake(')') ? [] : Items(ref tokens, ')', depth),
            };
        }

        if (tokens.TryTake('['))
        {
            return Memory(ref tokens, depth);
        }

        var negated = tokens.TryTake('!');
        if (tokens.Current.Kind == PtxTokenKind.Word && tokens.Text(tokens.Current) != "WARP_SZ")
        {
            return Name(ref tokens, negated);
        }

        if (negated)
        {
            throw tokens.Unexpected("a predicate");
        }

        return Literal(ref tokens);
    }

    private static List<PtxOperand> Items(ref PtxTokenStream tokens, char end, int depth)
    {
        var items = new List<PtxOperand>();
        do
        {
            items.Add(Operand(ref tokens, depth + 1));
        } while (tokens.TryTake(','));
        tokens.Expect(end);
        return items;
    }

    private static PtxOperand Name(ref PtxTokenStream tokens, bool negated)
    {
        var name = tokens.Text(tokens.Take());
        if (tokens.Current.Kind == PtxTokenKind.Dotted)
        {
            name += tokens.Text(tokens.Take());
        }

        if (name == "_" && !negated && !tokens.At('|'))
        {
            return new PtxOperand(PtxOperandKind.Sink);
        }

        var addend = 0L;
        while (!negated && (tokens.At('+') || tokens.At('-')))
        {
            // "[a+-8]" is how some compilers write a negative offset: the sign belongs to the term.
            var minus = tokens.Take().Is('-');
            var value = PtxConstant.ParseTerm(ref tokens);
            addend += minus ? -value : value;
        }

        var operand =
            name == "_"
                ? new PtxOperand(PtxOperandKind.Sink)
                : new PtxOperand(PtxOperandKind.Name, name, (ulong)addend, negated);
        if (tokens.TryTake('|'))
        {
            var second = Name(ref tokens, false);
            return new PtxOperand(PtxOperandKind.Pair) { Items = [operand, second] };
        }

        return operand;
    }

    private static PtxOperand Memory(ref PtxTokenStream tokens, int depth)
    {
        var items = Items(ref tokens, ']', depth);
        var offset = items[0].Kind == PtxOperandKind.Name ? items[0].Bits : 0;
        if (offset != 0)
        {
            items[0] = items[0] with { Bits = 0 };
        }

        return new PtxOperand(PtxOperandKind.Memory, Bits: offset) { Items = items };
    }

    private static PtxOperand Literal(ref PtxTokenStream tokens)
    {
        var token = tokens.Current;
        var negative = token.Is('-');
        if (token.Kind is PtxTokenKind.Single or PtxTokenKind.Double)
        {
            tokens.Take();
            return new PtxOperand(
                token.Kind == PtxTokenKind.Single ? PtxOperandKind.Single : PtxOperandKind.Double,
                Bits: token.Bits
            );
        }

        if (negative)
        {
            tokens.Take();
            if (tokens.Current.Kind is PtxTokenKind.Single or PtxTokenKind.Double)
            {
                var literal = tokens.Take();
                return literal.Kind == PtxTokenKind.Single
                    ? new PtxOperand(PtxOperandKind.Single, Bits: literal.Bits ^ 0x8000_0000)
                    : new PtxOperand(PtxOperandKind.Double, Bits: literal.Bits ^ 0x8000_0000_0000_0000);
            }

            var value = -PtxConstant.ParseUnary(ref tokens);
            while (tokens.At('+') || tokens.At('-'))
            {
                value += tokens.Take().Is('+')
                    ? PtxConstant.ParseUnary(ref tokens)
                    : -PtxConstant.ParseUnary(ref tokens);
            }

            return new PtxOperand(PtxOperandKind.Integer, Bits: (ulong)value);
        }

        return new PtxOperand(PtxOperandKind.Integer, Bits: (ulong)PtxConstant.Parse(ref tokens));
    }
}
