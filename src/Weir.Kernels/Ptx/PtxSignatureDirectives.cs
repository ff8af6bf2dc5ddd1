namespace Weir.Kernels.Ptx;

/// <summary>Directives between a function's parameters and its body.</summary>
internal sealed class PtxSignatureDirectives
{
    /// <summary>.maxntid.</summary>
    public (int X, int Y, int Z)? MaxThreads { get; private set; }

    /// <summary>.reqntid.</summary>
    public (int X, int Y, int Z)? RequiredThreads { get; private set; }

    /// <summary>.minnctapersm.</summary>
    public int MinBlocks { get; private set; }

    /// <summary>.maxnreg.</summary>
    public int MaxRegisters { get; private set; }

    /// <summary>The first directive that cannot be honoured: refused when the function is lowered.</summary>
    public (string Text, int Line)? Unsupported { get; private set; }

    /// <summary>Reads up to the body or the semicolon.</summary>
    public void Read(ref PtxTokenStream tokens)
    {
        while (tokens.Current.Kind == PtxTokenKind.Dotted)
        {
            var line = tokens.Line;
            if (tokens.AtDotted(".pragma"u8))
            {
                PtxBodyParser.SkipPragma(ref tokens);
                continue;
            }

            var name = tokens.ExpectDotted("a directive");
            switch (name)
            {
                case "maxntid":
                    MaxThreads = Dimensions(ref tokens, line);
                    break;
                case "reqntid":
                    RequiredThreads = Dimensions(ref tokens, line);
                    break;
                case "minnctapersm":
                    MinBlocks = tokens.ExpectSmallInteger("a number of blocks");
                    break;
                case "maxnctapersm":
                    tokens.ExpectSmallInteger("a number of blocks");
                    break;
                case "maxnreg":
                    MaxRegisters = tokens.ExpectSmallInteger("a number of registers");
                    break;
                case "noreturn":
                    break;
                default:
                    Unsupported ??= ("." + name, line);
                    while (tokens.Current.Kind is PtxTokenKind.Integer || tokens.At(','))
                    {
                        tokens.Take();
                    }

                    break;
            }
        }
    }

    private static (int X, int Y, int Z) Dimensions(ref PtxTokenStream tokens, int line)
    {
        Span<int> sizes = [1, 1, 1];
        var n = 0;
        do
        {
            if (n == 3)
            {
                throw new PtxException("a block has three dimensions at most", line);
            }

            sizes[n] = tokens.ExpectSmallInteger("a number of threads");
            if (sizes[n++] == 0)
            {
                throw new PtxException("a block cannot have zero threads", line);
            }
        } while (tokens.TryTake(','));

        return (sizes[0], sizes[1], sizes[2]);
    }
}
