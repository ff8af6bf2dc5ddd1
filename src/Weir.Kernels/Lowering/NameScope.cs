using Weir.Kernels.Ptx;

namespace Weir.Kernels.Lowering;

/// <summary>What a name stands for.</summary>
internal enum NameKind : byte
{
    None,
    Register,
    Symbol,
    Label,
    BranchTable,
    Function,
    Prototype,
}

/// <summary>A name's meaning: <paramref name="Index"/> is a register, a symbol or a label.</summary>
internal readonly record struct NameMeaning(
    NameKind Kind,
    int Index = -1,
    IReadOnlyList<string>? Labels = null,
    PtxFunction? Function = null
);

/// <summary>
/// Names of a scope. Registers of ranges are made when they are first used, so a wide range costs nothing.
/// </summary>
internal sealed class NameScope(NameScope? parent, IrBuilder builder)
{
    private readonly Dictionary<string, NameMeaning> _names = new(StringComparer.Ordinal);
    private readonly List<PtxRegisters> _ranges = [];

    /// <summary>Declares a name.</summary>
    public void Declare(string name, NameMeaning meaning, int line)
    {
        if (!_names.TryAdd(name, meaning))
        {
            throw new PtxException($"'{name}' is declared twice", line);
        }
    }

    /// <summary>Declares registers.</summary>
    public void Declare(PtxRegisters registers)
    {
        if (registers.Count < 0)
        {
            Declare(
                registers.Name,
                new NameMeaning(NameKind.Register, builder.NewRegister(registers.Name, registers.Type)),
                registers.Line
            );
        }
        else
        {
            _ranges.Add(registers);
        }
    }

    /// <summary>Finds a name here or in an outer scope.</summary>
    public NameMeaning Find(string name)
    {
        for (var scope = this; scope is not null; scope = scope.Parent)
        {
            if (scope._names.TryGetValue(name, out var meaning))
            {
                return meaning;
            }

            if (scope.FindInRange(name, out meaning))
            {
                return meaning;
            }
        }

        return default;
    }

    private NameScope? Parent => parent;

    private bool FindInRange(string name, out NameMeaning meaning)
    {
        meaning = default;
        foreach (var range in _ranges)
        {
            if (
                name.Length <= range.Name.Length
                || !name.StartsWith(range.Name, StringComparison.Ordinal)
                || (name[range.Name.Length] == '0' && name.Length > range.Name.Length + 1)
            )
            {
                continue;
            }

            var digits = name.AsSpan(range.Name.Length);
            if (digits.Length <= 10 && digits.IndexOfAnyExceptInRange('0', '9') < 0 && long.Parse(digits) < range.Count)
            {
                meaning = new NameMeaning(NameKind.Register, builder.NewRegister(name, range.Type));
                _names.Add(name, meaning);
                return true;
            }
        }

        return false;
    }
}
