using Weir.Kernels.Ir;

namespace Weir.Kernels.Ptx;

/// <summary>Variable declarations, which look alike in modules, bodies and parameter lists.</summary>
internal static class PtxDeclarationParser
{
    /// <summary>Largest variable that is believed, bytes.</summary>
    public const long MaxVariableBytes = 1L << 40;

    /// <summary>
    /// Parses <c>.space ... .type name[n] = init, name2 ...;</c>; the space is the next token.
    /// </summary>
    public static void ParseStatement(ref PtxTokenStream tokens, List<PtxDeclaration> into)
    {
        var first = ParseOne(ref tokens, allowMissingName: false);
        into.Add(first);
        while (tokens.TryTake(','))
        {
            // Space, type and alignment hold for the whole list; ranges and initial values for one name.
            into.Add(ParseName(ref tokens, first with { RangeCount = -1, Initial = [], Relocations = [] }));
        }

        tokens.Expect(';');
    }

    /// <summary>Parses one declaration without its end; in parameter lists of prototypes the name may be missing.</summary>
    public static PtxDeclaration ParseOne(ref PtxTokenStream tokens, bool allowMissingName)
    {
        var line = tokens.Line;
        var space = tokens.ExpectDotted("a state space");
        if (tokens.At('['))
        {
            throw new PtxException("constant banks are not supported", line, unsupported: true);
        }

        var (align, vector, managed) = (0, 1, false);
        IrType type;
        bool opaque;
        while (true)
        {
            var typeLine = tokens.Line;
            var name = tokens.ExpectDotted("a type");
            if (PtxTypes.TryParse(name, out type))
            {
                opaque = false;
                break;
            }

            if (name is "texref" or "samplerref" or "surfref")
            {
                (type, opaque) = (IrType.B64, true);
                break;
            }

            switch (name)
            {
                case "align":
                    align = tokens.ExpectSmallInteger("an alignment");
                    if (align is 0 or > 1 << 20 || (align & (align - 1)) != 0)
                    {
                        throw new PtxException($"alignment {align} is no power of two up to 2^20", typeLine);
                    }

                    break;
                case "v2":
                    vector = 2;
                    break;
                case "v4":
                    vector = 4;
                    break;
                case "attribute":
                    managed |= ParseAttribute(ref tokens);
                    break;
                case "ptr" when space == "param":
                    SkipPointerAttributes(ref tokens);
                    break;
                default:
                    throw new PtxException(
                        $"unsupported type or attribute '.{name}' of a variable",
                        typeLine,
                        unsupported: true
                    );
            }
        }

        // ".param .u64 .ptr .global .align 4 name": the attributes may follow the type too.
        if (space == "param" && tokens.TryTakeDotted(".ptr"u8))
        {
            SkipPointerAttributes(ref tokens);
        }

        var bytes = type == IrType.Pred ? 1 : IrTypes.Bits(type) / 8;
        var template = new PtxDeclaration
        {
            Name = "",
            Space = space,
            Type = type,
            VectorLength = vector,
            SizeBytes = bytes * vector,
            AlignBytes = align == 0 ? bytes * vector : align,
            IsManaged = managed,
            IsOpaque = opaque,
            Line = line,
        };
        return allowMissingName && tokens.Current.Kind != PtxTokenKind.Word && !tokens.At('[')
            ? template
            : ParseName(ref tokens, template);
    }

    private static PtxDeclaration ParseName(ref PtxTokenStream tokens, PtxDeclaration template)
    {
        var line = tokens.Line;
        var name = tokens.At('[') ? "" : tokens.ExpectWord("a name");
        var element = (template.Type == IrType.Pred ? 1 : IrTypes.Bits(template.Type) / 8) * template.VectorLength;
        if (tokens.TryTake('<'))
        {
            var count = (long)tokens.ExpectSmallInteger("a number of registers");
            tokens.Expect('>');
            if (template.Space != "reg")
            {
                throw new PtxException($"'{name}<{count}>' is no range of registers", line);
            }

            return template with
            {
                Name = name,
                RangeCount = count,
                Line = line,
            };
        }

        long size = element;
        var open = false;
        var dimensions = new List<long>();
        while (tokens.TryTake('['))
        {
            if (tokens.TryTake(']'))
            {
                if (dimensions.Count > 0 || open)
                {
                    throw new PtxException("only the first dimension of an array may be left open", line);
                }

                open = true;
                dimensions.Add(-1);
                continue;
            }

            var count = PtxConstant.Parse(ref tokens);
            tokens.Expect(']');
            if (
                count < 0
                || count > MaxVariableBytes
                || (Int128)size * count > MaxVariableBytes
                || dimensions.Count >= 16
            )
            {
                throw new PtxException($"an array of {count} elements is out of range", line);
            }

            dimensions.Add(count);
            size *= count;
        }

        var declaration = template with { Name = name, SizeBytes = open ? -1 : size, Line = line };
        if (!tokens.TryTake('='))
        {
            return declaration;
        }

        var initializer = new PtxInitializer(declaration, dimensions, element);
        initializer.Parse(ref tokens);
        return declaration with
        {
            SizeBytes = open ? initializer.SizeBytes : size,
            Initial = initializer.Bytes,
            Relocations = initializer.Relocations,
        };
    }

    private static bool ParseAttribute(ref PtxTokenStream tokens)
    {
        var managed = false;
        tokens.Expect('(');
        do
        {
            var line = tokens.Line;
            var name = tokens.ExpectDotted("an attribute");
            managed |= name == "managed";
            if (name == "unified")
            {
                tokens.Expect('(');
                PtxConstant.Parse(ref tokens);
                tokens.Expect(',');
                PtxConstant.Parse(ref tokens);
                tokens.Expect(')');
            }
            else if (name != "managed")
            {
                throw new PtxException($"unsupported attribute '.{name}'", line, unsupported: true);
            }
        } while (tokens.TryTake(','));
        tokens.Expect(')');
        return managed;
    }

    // What a pointer parameter points to is a hint for optimisers: .ptr .space .align n
    private static void SkipPointerAttributes(ref PtxTokenStream tokens)
    {
        if (
            tokens.AtDotted(".global"u8)
            || tokens.AtDotted(".shared"u8)
            || tokens.AtDotted(".const"u8)
            || tokens.AtDotted(".local"u8)
        )
        {
            tokens.Take();
        }

        if (tokens.TryTakeDotted(".align"u8))
        {
            tokens.ExpectSmallInteger("an alignment");
        }
    }
}
