using Weir.Kernels.Ir;

namespace Weir.Kernels.Ptx;

/// <summary>Reads a module's top level: directives, variables, signatures. Bodies are only located.</summary>
internal sealed class PtxModuleReader
{
    private const int MaxParameterBytes = 32764;

    public (int Major, int Minor) Version { get; private set; }

    public string Target { get; private set; } = "";

    public int TargetSm { get; private set; }

    /// <summary>End of the header directives: what every kernel's own text starts with.</summary>
    public int HeaderEnd { get; private set; }

    public List<PtxVariable> Variables { get; } = [];

    /// <summary>Names declared by the statement of each variable, with the statement's place.</summary>
    public Dictionary<string, (int Start, int End, int Line, PtxDeclaration Declaration)> VariableTexts { get; } =
        new(StringComparer.Ordinal);

    public Dictionary<string, PtxFunction> Functions { get; } = new(StringComparer.Ordinal);

    public List<PtxEntry> Entries { get; } = [];

    private bool _hasAddressSize;

    public void Read(ReadOnlySpan<byte> text)
    {
        var tokens = new PtxTokenStream(text, 0, 1);
        ReadVersion(ref tokens);
        ReadTarget(ref tokens);
        while (tokens.Current.Kind != PtxTokenKind.End)
        {
            ReadStatement(ref tokens);
        }

        if (!_hasAddressSize)
        {
            throw new PtxException("no .address_size: 32-bit addresses are not supported", 0, unsupported: true);
        }
    }

    private void ReadVersion(ref PtxTokenStream tokens)
    {
        if (!tokens.TryTakeDotted(".version"u8))
        {
            throw tokens.Unexpected("the directive .version, with which PTX starts,");
        }

        var token = tokens.Current;
        var parts = tokens.Text(token).Split('.');
        if (
            token.Kind != PtxTokenKind.Double
            || parts.Length != 2
            || !int.TryParse(parts[0], out var major)
            || !int.TryParse(parts[1], out var minor)
        )
        {
            throw tokens.Unexpected("a version such as 7.0");
        }

        if (major is < 1 or > 9)
        {
            throw new PtxException($"PTX version {major}.{minor} is not supported", token.Line, unsupported: true);
        }

        tokens.Take();
        Version = (major, minor);
    }

    private void ReadTarget(ref PtxTokenStream tokens)
    {
        if (!tokens.TryTakeDotted(".target"u8))
        {
            throw tokens.Unexpected("the directive .target");
        }

        do
        {
            var line = tokens.Line;
            var name = tokens.ExpectWord("a target such as sm_70");
            if (
                name.StartsWith("sm_", StringComparison.Ordinal)
                || name.StartsWith("compute_", StringComparison.Ordinal)
            )
            {
                var digits = name[(name.IndexOf('_') + 1)..];
                digits = digits.EndsWith('a') || digits.EndsWith('f') ? digits[..^1] : digits;
                if (!int.TryParse(digits, out var sm) || sm is < 10 or > 999)
                {
                    throw new PtxException($"'{name}' is no target", line);
                }

                (Target, TargetSm) = (name, sm);
            }
            else if (name is "texmode_independent" or "map_f64_to_f32")
            {
                throw new PtxException($"unsupported target option {name}", line, unsupported: true);
            }
            else if (name is not ("texmode_unified" or "debug"))
            {
                throw new PtxException($"'{name}' is no target", line);
            }
        } while (tokens.TryTake(','));

        if (TargetSm == 0)
        {
            throw new PtxException(".target names no architecture", tokens.Line);
        }

        HeaderEnd = tokens.Current.Start;
    }

    private void ReadStatement(ref PtxTokenStream tokens)
    {
        var start = tokens.Current.Start;
        var line = tokens.Line;
        if (tokens.Current.Kind != PtxTokenKind.Dotted)
        {
            if (tokens.TryTake(';'))
            {
                return;
            }

            throw tokens.Unexpected("a directive");
        }

        var (isExtern, isVisible) = (false, false);
        while (true)
        {
            if (
                tokens.TryTakeDotted(".visible"u8)
                || tokens.TryTakeDotted(".weak"u8)
                || tokens.TryTakeDotted(".common"u8)
            )
            {
                isVisible = true;
            }
            else if (tokens.TryTakeDotted(".extern"u8))
            {
                isExtern = true;
            }
            else
            {
                break;
            }
        }

        switch (tokens.Text(tokens.Current))
        {
            case ".entry":
            case ".func":
                ReadFunction(ref tokens, start, line);
                return;
            case ".global":
            case ".const":
            case ".shared":
            case ".tex":
                ReadVariables(ref tokens, start, line, isExtern, isVisible);
                return;
            case ".address_size":
                tokens.Take();
                var size = tokens.ExpectSmallInteger("an address size");
                if (size != 64)
                {
                    throw new PtxException($"{size}-bit addresses are not supported", line, unsupported: true);
                }

                _hasAddressSize = true;
                HeaderEnd = tokens.Current.Start;
                return;
            case ".file":
                tokens.Take();
                tokens.ExpectSmallInteger("a file number");
                if (tokens.Current.Kind != PtxTokenKind.Text)
                {
                    throw tokens.Unexpected("a file name");
                }

                tokens.Take();
                while (tokens.TryTake(','))
                {
                    PtxConstant.Parse(ref tokens);
                }

                return;
            case ".section":
                tokens.Take();
                while (tokens.Current.Kind is PtxTokenKind.Dotted or PtxTokenKind.Word)
                {
                    tokens.Take();
                }

                tokens.SkipBlock();
                return;
            case ".pragma":
                PtxBodyParser.SkipPragma(ref tokens);
                return;
            case ".version":
            case ".target":
                throw new PtxException($"a second {tokens.Text(tokens.Current)}", line);
            case ".alias":
            case ".language":
                throw new PtxException($"unsupported directive {tokens.Text(tokens.Current)}", line, unsupported: true);
            default:
                throw tokens.Unexpected("a directive of a module");
        }
    }

    private void ReadVariables(ref PtxTokenStream tokens, int start, int line, bool isExtern, bool isVisible)
    {
        if (tokens.AtDotted(".tex"u8))
        {
            throw new PtxException("the deprecated .tex space is not supported", line, unsupported: true);
        }

        var declarations = new List<PtxDeclaration>();
        PtxDeclarationParser.ParseStatement(ref tokens, declarations);
        var end = tokens.Current.Start;
        foreach (var declaration in declarations)
        {
            if (declaration.SizeBytes < 0 && !isExtern)
            {
                throw new PtxException($"'{declaration.Name}' has no size", declaration.Line);
            }

            // A declaration (extern) may stand beside the definition.
            var known = VariableTexts.ContainsKey(declaration.Name);
            if (known && !isExtern && !Variables.Exists(v => v.Name == declaration.Name && v.IsExtern))
            {
                throw new PtxException($"'{declaration.Name}' is declared twice", declaration.Line);
            }

            if (known && isExtern)
            {
                continue;
            }

            VariableTexts[declaration.Name] = (
                start,
                end,
                line,
                isExtern ? declaration with { SizeBytes = Math.Max(0, declaration.SizeBytes) } : declaration
            );
            if (known)
            {
                Variables.RemoveAll(v => v.Name == declaration.Name);
            }

            Variables.Add(
                new PtxVariable
                {
                    Name = declaration.Name,
                    Space = declaration.Space switch
                    {
                        "global" => IrSpace.Global,
                        "const" => IrSpace.Const,
                        _ => IrSpace.Shared,
                    },
                    SizeBytes = Math.Max(0, declaration.SizeBytes),
                    AlignBytes = declaration.AlignBytes,
                    IsExtern = isExtern,
                    IsVisible = isVisible,
                    IsManaged = declaration.IsManaged,
                    IsOpaque = declaration.IsOpaque,
                    Initial = declaration.Initial,
                    Relocations = declaration.Relocations,
                    Line = declaration.Line,
                }
            );
        }
    }

    private void ReadFunction(ref PtxTokenStream tokens, int start, int line)
    {
        var isEntry = tokens.AtDotted(".entry"u8);
        tokens.Take();
        var returns = new List<PtxFormal>();
        if (!isEntry && tokens.At('('))
        {
            PtxFormal.ReadList(ref tokens, returns);
        }

        var name = tokens.ExpectWord("a function's name");
        var parameters = new List<PtxFormal>();
        if (tokens.At('('))
        {
            PtxFormal.ReadList(ref tokens, parameters);
        }

        var entry = new PtxEntry
        {
            Name = name,
            Line = line,
            Parameters = [],
            ParameterBytes = 0,
        };
        var directives = new PtxSignatureDirectives();
        directives.Read(ref tokens);
        var (bodyStart, bodyLine) = tokens.At('{') ? tokens.SkipBlock() : (-1, 0);
        if (bodyStart < 0)
        {
            tokens.Expect(';');
        }

        var function = new PtxFunction
        {
            Name = name,
            IsEntry = isEntry,
            Returns = returns,
            Parameters = parameters,
            Line = line,
            Start = start,
            End = tokens.Current.Start,
            BodyStart = bodyStart,
            BodyLine = bodyLine,
            Unsupported = directives.Unsupported,
        };
        if (Functions.TryGetValue(name, out var known) && known.HasBody)
        {
            if (function.HasBody)
            {
                throw new PtxException($"'{name}' is defined twice", line);
            }

            return;
        }

        Functions[name] = function;
        if (!isEntry || !function.HasBody)
        {
            return;
        }

        var bytes =
            parameters.Count == 0 ? 0 : (long)parameters[^1].OffsetBytes + Math.Max(0, parameters[^1].SizeBytes);
        if (parameters.Exists(p => p.IsRegister || p.SizeBytes < 0) || returns.Count > 0)
        {
            throw new PtxException($"the parameters of entry '{name}' must be of known size in .param", line);
        }

        if (bytes > MaxParameterBytes)
        {
            throw new PtxException(
                $"the parameters of entry '{name}' take {bytes} bytes, {MaxParameterBytes} at most are allowed",
                line
            );
        }

        Entries.Add(
            entry with
            {
                Parameters = parameters.ConvertAll(p => new PtxParameter(
                    p.Name,
                    p.Type,
                    p.OffsetBytes,
                    (int)p.SizeBytes,
                    p.AlignBytes
                )),
                ParameterBytes = (int)bytes,
                MaxThreads = directives.MaxThreads,
                RequiredThreads = directives.RequiredThreads,
                MinBlocksPerProcessor = directives.MinBlocks,
                MaxRegisters = directives.MaxRegisters,
            }
        );
    }
}
