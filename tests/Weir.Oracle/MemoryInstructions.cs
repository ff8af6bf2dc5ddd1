using System.Buffers.Binary;

namespace Weir.Oracle;

/// <summary>ld, st, atom, red, cvta, isspacep. One thread runs at a time, so every access is atomic and in order.</summary>
internal static class MemoryInstructions
{
    private static readonly string[] Spaces = ["global", "shared", "local", "param", "const"];

    // What orders or caches accesses changes nothing here.
    private static readonly string[] Known =
    [
        .. Spaces,
        "v2",
        "v4",
        "volatile",
        "weak",
        "relaxed",
        "acquire",
        "release",
        "acq_rel",
        "cta",
        "gpu",
        "sys",
        "cluster",
        "ca",
        "cg",
        "cs",
        "lu",
        "cv",
        "wb",
        "wt",
        "nc",
        "L1",
        "L2",
        "unified",
    ];

    public static Step BindLoad(Instruction at, Binding binding)
    {
        Binding.Allow(at, Known);
        var type = at.Type;
        var address = Address(at, at.Operands[1], binding, out var space);
        var results = Elements(at.Operands[0]).Select(e => Binding.Write(e, type, at)).ToArray();
        var size = type.Bytes * results.Length;
        return lane =>
        {
            var bytes = AddressSpaces.Resolve(lane, space, address(lane), size, size);
            Span<ulong> values = stackalloc ulong[results.Length];
            for (var i = 0; i < results.Length; i++)
            {
                values[i] = Get(bytes[(i * type.Bytes)..], type);
            }
            for (var i = 0; i < results.Length; i++)
            {
                results[i](lane, values[i]);
            }
        };
    }

    public static Step BindStore(Instruction at, Binding binding)
    {
        Binding.Allow(at, Known);
        var type = at.Type;
        var address = Address(at, at.Operands[0], binding, out var space);
        var sources = Elements(at.Operands[1]).Select(e => binding.Read(e, type, at)).ToArray();
        var size = type.Bytes * sources.Length;
        return lane =>
        {
            var bytes = AddressSpaces.Resolve(lane, space, address(lane), size, size);
            for (var i = 0; i < sources.Length; i++)
            {
                Put(bytes[(i * type.Bytes)..], type, sources[i](lane));
            }
        };
    }

    /// <summary>atom answers the old value; red does not.</summary>
    public static Step BindAtomic(Instruction at, Binding binding)
    {
        Binding.Allow(at, [.. Known, "add", "min", "max", "inc", "dec", "and", "or", "xor", "exch", "cas", "noftz"]);
        var type = at.Type;
        var first = at.Name == "atom" ? 1 : 0;
        var old = first == 1 ? Binding.Result(at, type) : (_, _) => { };
        var address = Address(at, at.Operands[first], binding, out var space);
        var b = binding.Source(at, first + 1, type);
        Read? c = at.Has("cas") ? binding.Source(at, first + 2, type) : null;
        var operation = Operation(at, type);
        return lane =>
        {
            var bytes = AddressSpaces.Resolve(lane, space, address(lane), type.Bytes, type.Bytes);
            var was = Get(bytes, type);
            var operand = b(lane);
            Put(bytes, type, c is not null ? (was == operand ? c(lane) : was) : operation(was, operand));
            old(lane, was);
        };
    }

    /// <summary>What an atomic makes of the old value and its operand.</summary>
    private static Func<ulong, ulong, ulong> Operation(Instruction at, PtxType type)
    {
        var name = at.Modifiers.First(m =>
            m is "add" or "min" or "max" or "inc" or "dec" or "and" or "or" or "xor" or "exch" or "cas"
        );
        if (type.IsPacked)
        {
            return FloatInstructions.InBoth(new FloatInstructions.Unit(at, type.Element).Binary(name));
        }
        if (type.IsFloat && name is not "exch")
        {
            return new FloatInstructions.Unit(at, type).Binary(name);
        }
        return name switch
        {
            "add" => (a, b) => type.Truncate(type.Value(a) + type.Value(b)),
            "min" => (a, b) => type.Value(a) < type.Value(b) ? a : b,
            "max" => (a, b) => type.Value(a) > type.Value(b) ? a : b,
            "inc" => (a, b) => a >= b ? 0 : a + 1,
            "dec" => (a, b) => a == 0 || a > b ? b : a - 1,
            "and" => (a, b) => a & b,
            "or" => (a, b) => a | b,
            "xor" => (a, b) => a ^ b,
            _ => (_, b) => b,
        };
    }

    public static Step BindConvertAddress(Instruction at, Binding binding)
    {
        Binding.Allow(at, [.. Spaces, "to"]);
        var window = AddressSpaces.WindowOf(at.Modifiers.First(Spaces.Contains));
        return at.Has("to")
            ? binding.Unary(at, at.Type, at.Type, a => (a - window) & at.Type.Mask)
            : binding.Unary(at, at.Type, at.Type, a => (a + window) & at.Type.Mask);
    }

    public static Step BindIsSpace(Instruction at, Binding binding)
    {
        Binding.Allow(at, Spaces);
        var space = at.Modifiers.First(Spaces.Contains);
        return binding.Unary(at, PtxType.Predicate, PtxType.U64, a => AddressSpaces.IsIn(space, a) ? 1UL : 0);
    }

    private static IReadOnlyList<Operand> Elements(Operand operand) =>
        operand is VectorOperand vector ? vector.Elements : [operand];

    internal static Read Address(Instruction at, Operand operand, Binding binding, out string space)
    {
        if (operand is not AddressOperand address)
        {
            throw at.Unknown("no address");
        }
        space = at.Modifiers.FirstOrDefault(Spaces.Contains) ?? "generic";
        if (space == "param")
        {
            // Parameters of a kernel are apart; those of functions and calls live in the thread's local memory.
            var isEntry = address.Base is VariableOperand v ? v.Variable.Space == "entry" : binding.Function.IsEntry;
            space = isEntry ? "entry" : "local";
        }
        var offset = (ulong)address.Offset;
        if (address.Base is RegisterOperand { Register.Type: var type })
        {
            // A 32-bit register is enough for an address in shared memory.
            var register = binding.Read(address.Base, type, at);
            return lane => (register(lane) + offset) & (type.Bits == 32 ? uint.MaxValue : ulong.MaxValue);
        }
        var @base = binding.Read(address.Base, PtxType.U64, at);
        var window =
            space == "generic" && address.Base is VariableOperand named
                ? AddressSpaces.WindowOf(named.Variable.Space == "param" ? "local" : named.Variable.Space)
                : 0;
        return lane => @base(lane) + offset + window;
    }

    private static ulong Get(ReadOnlySpan<byte> bytes, PtxType type) =>
        type.Bits switch
        {
            8 => bytes[0],
            16 => BinaryPrimitives.ReadUInt16LittleEndian(bytes),
            32 => BinaryPrimitives.ReadUInt32LittleEndian(bytes),
            _ => BinaryPrimitives.ReadUInt64LittleEndian(bytes),
        };

    private static void Put(Span<byte> bytes, PtxType type, ulong value)
    {
        switch (type.Bits)
        {
            case 8:
                bytes[0] = (byte)value;
                break;
            case 16:
                BinaryPrimitives.WriteUInt16LittleEndian(bytes, (ushort)value);
                break;
            case 32:
                BinaryPrimitives.WriteUInt32LittleEndian(bytes, (uint)value);
                break;
            default:
                BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
                break;
        }
    }
}
