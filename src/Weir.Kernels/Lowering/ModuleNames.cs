using Weir.Kernels.Ir;
using Weir.Kernels.Ptx;

namespace Weir.Kernels.Lowering;

/// <summary>Names of a module as one kernel uses them: variables get a symbol when they are first named.</summary>
internal sealed class ModuleNames(
    IReadOnlyDictionary<string, PtxDeclaration> variables,
    IReadOnlyDictionary<string, PtxFunction> functions,
    IReadOnlySet<string> externs,
    IReadOnlyList<PtxFunction> taken,
    IrBuilder builder
)
{
    private readonly Dictionary<string, int> _symbols = new(StringComparer.Ordinal);
    private readonly Dictionary<PtxDeclaration, int> _bodyVariables = new(ReferenceEqualityComparer.Instance);
    private int _addressCount;

    /// <summary>Functions that pointers may hold.</summary>
    public IReadOnlyList<PtxFunction> Taken => taken;

    /// <summary>Finds a variable or function; none when there is none.</summary>
    public NameMeaning Find(string name, int line)
    {
        if (_symbols.TryGetValue(name, out var index))
        {
            return new NameMeaning(NameKind.Symbol, index);
        }

        if (variables.TryGetValue(name, out var declaration))
        {
            index = Make(declaration, name, externs.Contains(name), line);
            _symbols.Add(name, index);
            return new NameMeaning(NameKind.Symbol, index);
        }

        return functions.TryGetValue(name, out var function)
            ? new NameMeaning(NameKind.Function, Function: function)
            : default;
    }

    /// <summary>
    /// A .shared, .global or .const variable declared in a body: one for all calls of its function.
    /// </summary>
    public int BodyVariable(PtxDeclaration declaration, PtxFunction function)
    {
        if (!_bodyVariables.TryGetValue(declaration, out var index))
        {
            if (declaration.Space != "shared")
            {
                throw new PtxException(
                    $"unsupported variable '{declaration.Name}' in .{declaration.Space} inside '{function.Name}'",
                    declaration.Line,
                    unsupported: true
                );
            }

            if (declaration.SizeBytes < 0)
            {
                throw new PtxException($"'{declaration.Name}' has no size", declaration.Line);
            }

            index = Make(declaration, declaration.Name, false, declaration.Line);
            _bodyVariables.Add(declaration, index);
        }

        return index;
    }

    private int Make(PtxDeclaration declaration, string name, bool isExtern, int line)
    {
        if (declaration.IsOpaque)
        {
            throw new PtxException(
                $"unsupported texture, sampler or surface reference '{name}'",
                line,
                unsupported: true
            );
        }

        var shared = declaration.Space == "shared";
        return builder.NewSymbol(
            new BuilderSymbol
            {
                Name = name,
                Space = declaration.Space switch
                {
                    "global" => IrSpace.Global,
                    "const" => IrSpace.Const,
                    _ => IrSpace.Shared,
                },
                SizeBytes = shared && isExtern ? 0 : declaration.SizeBytes,
                AlignBytes = declaration.AlignBytes,
                IsDynamic = shared && isExtern,
                Offset = shared ? 0 : _addressCount++,
            }
        );
    }
}
