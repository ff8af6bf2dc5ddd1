using System.Buffers.Binary;

namespace Weir.Oracle;

/// <summary>
/// A PTX text, ready to run: the plain, slow reference that devices are compared with. Parsing is complete;
/// instructions are looked at when their function first runs, so that an unknown one only stops kernels that reach it.
/// Not for use by several threads at once.
/// </summary>
public sealed class OracleModule
{
    private const ulong VariableBase = 0x0010_0000_0000;
    private const ulong FunctionBase = 0xf000_0000_0000_0000;
    private readonly Scope _globals;
    private readonly List<Variable> _variables;
    private readonly Dictionary<string, Function> _functions;
    private readonly List<string> _functionNames;

    private OracleModule(ModuleParser parser)
    {
        _globals = parser.Globals;
        _variables = parser.Variables;
        _functions = parser.Functions;
        _functionNames = [.. _functions.Keys];
    }

    /// <summary>Reads PTX text.</summary>
    /// <exception cref="OracleSyntaxException">It cannot be read.</exception>
    public static OracleModule Parse(string ptx)
    {
        var parser = new ModuleParser(ptx);
        parser.Parse();
        return new OracleModule(parser);
    }

    /// <summary>Names of the kernels in text order.</summary>
    public IReadOnlyList<string> Entries => [.. _functions.Values.Where(f => f.IsEntry).Select(f => f.Name)];

    /// <summary>The .global and .const variables: name, size and alignment in bytes, initial bytes.</summary>
    public IReadOnlyList<(string Name, int SizeBytes, int AlignBytes, byte[] Initial)> Variables =>
        [
            .. _variables
                .Where(v => v.Space is "global" or "const")
                .Select(v => (v.Name, v.SizeBytes, v.AlignBytes, v.Initial ?? new byte[v.SizeBytes])),
        ];

    /// <summary>Bytes of a kernel's parameters.</summary>
    public int ParameterBytes(string entry) =>
        Entry(entry).Parameters is [.., var last] ? (int)last.Address + last.SizeBytes : 0;

    /// <summary>Looks at every instruction of the text, as running would.</summary>
    /// <exception cref="OracleSyntaxException">One is unknown or malformed.</exception>
    public void CheckInstructions()
    {
        foreach (var function in _functions.Values)
        {
            function.Code ??= Bind(function);
        }
    }

    /// <summary>Runs one launch to its end; block after block, in order of their numbers, x fastest.</summary>
    /// <exception cref="OracleFault">The kernel failed as a device would report it.</exception>
    /// <exception cref="OracleSyntaxException">An instruction is unknown or malformed.</exception>
    public void Run(string entry, OracleLaunch launch, OracleMemory memory)
    {
        var function = Entry(entry);
        PlaceVariables(launch, memory);
        var sharedBytes = PlaceShared(function, launch.DynamicSharedBytes);
        for (uint z = 0; z < launch.Grid.Z; z++)
        {
            for (uint y = 0; y < launch.Grid.Y; y++)
            {
                for (uint x = 0; x < launch.Grid.X; x++)
                {
                    new Block(launch, memory, function, new Dim3(x, y, z), sharedBytes).Run(this);
                }
            }
        }
    }

    internal Function? FunctionNamed(string name) => _functions.TryGetValue(name, out var f) && f.HasBody ? f : null;

    internal ulong FunctionHandle(string name, Instruction at)
    {
        var index = _functionNames.IndexOf(name);
        return index >= 0 ? FunctionBase + ((ulong)index * 16) : throw at.Unknown($"{name} is not declared");
    }

    internal Function FunctionOf(ulong handle)
    {
        var index = (handle - FunctionBase) / 16;
        return
            handle % 16 == 0
            && index < (ulong)_functionNames.Count
            && FunctionNamed(_functionNames[(int)index]) is { } function
            ? function
            : throw new OracleFault(OracleFaultKind.IllegalAddress, $"no function at 0x{handle:x}");
    }

    internal Step[] Bind(Function function)
    {
        var binding = new Binding(function, this);
        return function.Instructions.Select(i => BindOrRefuse(i, binding)).ToArray();
    }

    private static Step BindOrRefuse(Instruction at, Binding binding)
    {
        try
        {
            return InstructionTable.Bind(at, binding);
        }
        catch (ArgumentOutOfRangeException)
        {
            throw at.Unknown("operand is missing or of a width that the instruction does not have");
        }
    }

    private Function Entry(string name) =>
        FunctionNamed(name) is { IsEntry: true } function
            ? function
            : throw new OracleSyntaxException(0, $"no kernel '{name}'");

    private void PlaceVariables(OracleLaunch launch, OracleMemory memory)
    {
        var next = VariableBase;
        var own = new List<Variable>();
        foreach (var variable in _variables.Where(v => v.Space is "global" or "const"))
        {
            if (launch.Symbols.TryGetValue(variable.Name, out var address))
            {
                variable.Address = address;
                continue;
            }
            variable.Address = Declaration.Align(next, Math.Max(variable.AlignBytes, 16));
            next = variable.Address + (ulong)variable.SizeBytes;
            own.Add(variable);
        }
        foreach (var variable in own)
        {
            var bytes = new byte[variable.SizeBytes];
            variable.Initial?.CopyTo(bytes, 0);
            foreach (var (offset, symbol, addend) in variable.Relocations)
            {
                var target = _globals.Find(symbol) is Variable v
                    ? v.Address
                    : FunctionBase + ((ulong)Math.Max(_functionNames.IndexOf(symbol), 0) * 16);
                BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(offset), target + (ulong)addend);
            }
            memory.Add(variable.Address, bytes);
        }
    }

    /// <summary>Lays out the shared variables of a kernel and what it calls; answers their size.</summary>
    private int PlaceShared(Function entry, uint dynamicBytes)
    {
        var reached = new HashSet<Function>();
        var open = new Stack<Function>([entry]);
        while (open.TryPop(out var function))
        {
            if (reached.Add(function))
            {
                foreach (var callee in function.Callees)
                {
                    if (FunctionNamed(callee) is { } next)
                    {
                        open.Push(next);
                    }
                }
            }
        }
        ulong size = 0;
        var shared = reached.SelectMany(f => f.Shared).Distinct().OrderBy(v => v.IsDynamic).ToList();
        foreach (var variable in shared.Where(v => !v.IsDynamic))
        {
            variable.Address = Declaration.Align(size, variable.AlignBytes);
            size = variable.Address + (ulong)variable.SizeBytes;
        }
        var dynamic = Declaration.Align(size, 16);
        foreach (var variable in shared.Where(v => v.IsDynamic))
        {
            variable.Address = dynamic;
        }
        return (int)(dynamicBytes == 0 ? size : dynamic + dynamicBytes);
    }
}
