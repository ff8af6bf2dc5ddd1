namespace Weir.Oracle;

/// <summary>A declared register.</summary>
internal sealed record Register(string Name, PtxType Type, int Index);

/// <summary>A declared variable or parameter.</summary>
internal sealed class Variable
{
    public required string Name { get; init; }

    /// <summary>"global", "const", "shared", "local", "param" (of a function or call) or "entry" (of a kernel).</summary>
    public required string Space { get; init; }

    public required int SizeBytes { get; init; }

    public required int AlignBytes { get; init; }

    /// <summary>Extern shared: begins where the static variables end.</summary>
    public bool IsDynamic { get; init; }

    /// <summary>Initial bytes of global and const variables; null means zero.</summary>
    public byte[]? Initial { get; set; }

    /// <summary>Addresses of other variables inside <see cref="Initial"/>.</summary>
    public List<(int Offset, string Symbol, long Addend)> Relocations { get; } = [];

    /// <summary>Offset in its space (local, param: in the function's frame); for global and const the address.</summary>
    public ulong Address { get; set; }

    /// <summary>Set for a parameter that is a register (.func f (.reg .b32 a)).</summary>
    public Register? Register { get; init; }
}

/// <summary>An operand as written.</summary>
internal abstract record Operand;

/// <summary>The sink <c>_</c>.</summary>
internal sealed record SinkOperand : Operand;

internal sealed record RegisterOperand(Register Register, bool Negated) : Operand;

/// <summary><c>p|q</c> of setp, shfl and match.</summary>
internal sealed record PairOperand(Operand First, Operand Second) : Operand;

internal sealed record LiteralOperand(string Text, bool Negative) : Operand;

internal sealed record SpecialOperand(string Name) : Operand;

internal sealed record VariableOperand(Variable Variable, long Offset) : Operand;

/// <summary>A function or a label: what it is shows when the whole text has been read.</summary>
internal sealed record NameOperand(string Name, Scope Scope) : Operand;

internal sealed record VectorOperand(IReadOnlyList<Operand> Elements) : Operand;

/// <summary><c>[base + offset]</c>.</summary>
internal sealed record AddressOperand(Operand Base, long Offset) : Operand;

/// <summary><c>[texture, {coordinates}]</c>.</summary>
internal sealed record TextureOperand(Operand Handle, VectorOperand Coordinates) : Operand;

/// <summary>Arguments or results of a call, in parentheses.</summary>
internal sealed record ListOperand(IReadOnlyList<Operand> Items) : Operand;

/// <summary>Names visible between two braces.</summary>
internal sealed class Scope(Scope? parent)
{
    private readonly Dictionary<string, object> _names = [];

    public void Declare(string name, object what) => _names[name] = what;

    public object? Find(string name) => _names.TryGetValue(name, out var what) ? what : parent?.Find(name);
}

/// <summary>A jump target: number of the instruction that follows it.</summary>
internal sealed record Label(int Position);

/// <summary>The list that <c>.branchtargets</c> names.</summary>
internal sealed record BranchTargets(IReadOnlyList<string> Labels);

/// <summary>An instruction as written: <c>ld.global.v4.f32</c> has Name "ld" and Modifiers "global", "v4", "f32".</summary>
internal sealed class Instruction
{
    public required string Opcode { get; init; }

    public required string Name { get; init; }

    public required IReadOnlyList<string> Modifiers { get; init; }

    public required IReadOnlyList<Operand> Operands { get; init; }

    public RegisterOperand? Guard { get; init; }

    public required int Line { get; init; }

    public IReadOnlyList<PtxType> Types => _types ??= ReadTypes();

    private List<PtxType>? _types;

    /// <summary>The last type written; what most instructions work at.</summary>
    public PtxType Type => Types.Count > 0 ? Types[^1] : throw Unknown("no type");

    public bool Has(string modifier) => Modifiers.Contains(modifier);

    public OracleSyntaxException Unknown(string what) => new(Line, $"{Opcode}: {what}");

    private List<PtxType> ReadTypes()
    {
        var types = new List<PtxType>();
        foreach (var modifier in Modifiers)
        {
            if (PtxType.TryParse(modifier, out var type))
            {
                types.Add(type);
            }
        }
        return types;
    }
}

/// <summary>An entry or a device function.</summary>
internal sealed class Function
{
    public required string Name { get; init; }

    public required bool IsEntry { get; init; }

    public List<Variable> Results { get; } = [];

    public List<Variable> Parameters { get; } = [];

    public List<Register> Registers { get; } = [];

    public List<Instruction> Instructions { get; } = [];

    /// <summary>Shared variables that it names.</summary>
    public HashSet<Variable> Shared { get; } = [];

    /// <summary>Names of functions that it may call.</summary>
    public HashSet<string> Callees { get; } = [];

    /// <summary>Bytes of local memory per call: local variables and parameters of functions and calls.</summary>
    public int FrameBytes { get; set; }

    public bool HasBody { get; set; }

    /// <summary>What to do, one per instruction; made at the first call.</summary>
    public Step[]? Code { get; set; }
}
