using System.Globalization;
using System.Text;

namespace Weir.Kernels.Codegen;

/// <summary>
/// Writes LLVM instructions of one function. Operations take scalars and vectors alike: when all operands are scalars
/// the result is one too, else the scalars are spread over the lanes.
/// </summary>
internal sealed class LaneBuilder(int lanes)
{
    private readonly StringBuilder _allocas = new();
    private readonly StringBuilder _body = new();
    private readonly Dictionary<(string Type, long Stride), string> _ramps = [];
    private readonly HashSet<string> _declarations = [];
    private int _next;

    /// <summary>Lanes of a vector.</summary>
    public int Lanes { get; } = lanes;

    /// <summary>Intrinsics used so far, as declarations.</summary>
    public IReadOnlyCollection<string> Declarations => _declarations;

    /// <summary>Label of the block that is being written.</summary>
    public string CurrentLabel { get; private set; } = "entry";

    /// <summary>Stack slots, for the top of the function.</summary>
    public string SlotText => _allocas.ToString();

    /// <summary>All other instructions.</summary>
    public string BodyText => _body.ToString();

    /// <summary>Spelled vector type of an element type.</summary>
    public string VectorOf(string type) => $"<{Lanes} x {type}>";

    /// <summary>Spelled type of a value.</summary>
    public string TypeOf(Value value) => value.IsVector ? VectorOf(value.Type) : value.Type;

    /// <summary>Type and name, as an argument is written.</summary>
    public string Arg(Value value) => $"{TypeOf(value)} {value.Text}";

    /// <summary>A fresh value name.</summary>
    public string Name() => "%t" + (_next++).ToString(CultureInfo.InvariantCulture);

    /// <summary>A fresh label.</summary>
    public string NewLabel(string hint) => hint + (_next++).ToString(CultureInfo.InvariantCulture);

    /// <summary>Writes a line as it is.</summary>
    public void Line(string text) => _body.Append("  ").Append(text).Append('\n');

    /// <summary>Starts a block.</summary>
    public void Label(string label)
    {
        _body.Append(label).Append(":\n");
        CurrentLabel = label;
    }

    /// <summary>Jumps.</summary>
    public void Branch(string label) => Line($"br label %{label}");

    /// <summary>Jumps on a scalar condition.</summary>
    public void Branch(Value condition, string yes, string no, bool likely = false) =>
        Line($"br i1 {condition.Text}, label %{yes}, label %{no}" + (likely ? ", !prof !1" : ""));

    /// <summary>Reserves stack space at the top of the function, zeroed.</summary>
    public string Alloca(string type, bool zero = true)
    {
        string name = "%a" + (_next++).ToString(CultureInfo.InvariantCulture);
        _allocas.Append("  ").Append(name).Append(" = alloca ").Append(type).Append('\n');
        if (zero)
        {
            _allocas.Append("  store ").Append(type).Append(" zeroinitializer, ptr ").Append(name).Append('\n');
        }
        return name;
    }

    /// <summary>Writes <c>name = instruction</c>.</summary>
    public Value Assign(string instruction, string type, bool isVector)
    {
        string name = Name();
        _body.Append("  ").Append(name).Append(" = ").Append(instruction).Append('\n');
        return new Value(name, type, isVector);
    }

    /// <summary>A scalar integer constant.</summary>
    public static Value Int(string type, long value) =>
        new(
            type switch
            {
                "i1" => (value & 1) != 0 ? "true" : "false",
                "i8" => ((sbyte)value).ToString(CultureInfo.InvariantCulture),
                "i16" => ((short)value).ToString(CultureInfo.InvariantCulture),
                "i32" => ((int)value).ToString(CultureInfo.InvariantCulture),
                _ => value.ToString(CultureInfo.InvariantCulture),
            },
            type,
            false
        );

    /// <summary>A scalar float constant given by value; exact.</summary>
    public static Value Float(string type, double value) =>
        new("0x" + BitConverter.DoubleToUInt64Bits(value).ToString("X16", CultureInfo.InvariantCulture), type, false);

    /// <summary>Lane numbers times a stride.</summary>
    public Value Ramp(string type, long stride)
    {
        if (!_ramps.TryGetValue((type, stride), out string? text))
        {
            text =
                "<"
                + string.Join(
                    ", ",
                    Enumerable.Range(0, Lanes).Select(lane => $"{type} {Int(type, lane * stride).Text}")
                )
                + ">";
            _ramps[(type, stride)] = text;
        }
        return new Value(text, type, true);
    }

    /// <summary>The value in every lane.</summary>
    public Value Splat(Value value)
    {
        if (value.IsVector)
        {
            return value;
        }
        if (value.Text[0] != '%')
        {
            return new Value($"splat ({value.Type} {value.Text})", value.Type, true);
        }
        Value first = Assign(
            $"insertelement {VectorOf(value.Type)} poison, {value.Type} {value.Text}, i64 0",
            value.Type,
            true
        );
        return Assign(
            $"shufflevector {VectorOf(value.Type)} {first.Text}, {VectorOf(value.Type)} poison, <{Lanes} x i32> zeroinitializer",
            value.Type,
            true
        );
    }

    /// <summary>A two-operand instruction.</summary>
    public Value Binary(string op, Value a, Value b)
    {
        (a, b) = Match(a, b);
        return Assign($"{op} {TypeOf(a)} {a.Text}, {b.Text}", a.Type, a.IsVector);
    }

    /// <summary>A two-operand instruction with an integer constant.</summary>
    public Value Binary(string op, Value a, long constant) => Binary(op, a, Int(a.Type, constant));

    /// <summary>icmp.</summary>
    public Value Compare(string predicate, Value a, Value b)
    {
        (a, b) = Match(a, b);
        return Assign($"icmp {predicate} {TypeOf(a)} {a.Text}, {b.Text}", "i1", a.IsVector);
    }

    /// <summary>icmp with a constant.</summary>
    public Value Compare(string predicate, Value a, long constant) => Compare(predicate, a, Int(a.Type, constant));

    /// <summary>fcmp.</summary>
    public Value CompareFloat(string predicate, Value a, Value b)
    {
        (a, b) = Match(a, b);
        return Assign($"fcmp {predicate} {TypeOf(a)} {a.Text}, {b.Text}", "i1", a.IsVector);
    }

    /// <summary>select.</summary>
    public Value Select(Value condition, Value yes, Value no)
    {
        if (condition.Text == "true" && !condition.IsVector)
        {
            return yes;
        }
        (yes, no) = Match(yes, no);
        if (condition.IsVector)
        {
            yes = Splat(yes);
            no = Splat(no);
        }
        return Assign($"select {TypeOf(condition)} {condition.Text}, {Arg(yes)}, {Arg(no)}", yes.Type, yes.IsVector);
    }

    /// <summary>A conversion instruction.</summary>
    public Value Cast(string op, Value value, string type) =>
        value.Type == type
            ? value
            : Assign($"{op} {Arg(value)} to {(value.IsVector ? VectorOf(type) : type)}", type, value.IsVector);

    /// <summary>Truncates or extends an integer.</summary>
    public Value Resize(Value value, string type, bool signed)
    {
        int to = new Value("", type, false).Bits;
        return to == value.Bits ? value
            : to < value.Bits ? Cast("trunc", value, type)
            : Cast(signed ? "sext" : "zext", value, type);
    }

    /// <summary>An intrinsic that is overloaded on its first operand's type; scalars are spread when any is a vector.</summary>
    public Value Intrinsic(string name, params Value[] operands) => IntrinsicTo(name, operands[0].Type, operands);

    /// <summary>An intrinsic with a result type of its own; overloaded on result and operand type (like fptosi.sat).</summary>
    public Value IntrinsicTo(string name, string resultType, params Value[] operands)
    {
        bool vector = Array.Exists(operands, operand => operand.IsVector);
        if (vector)
        {
            operands = Array.ConvertAll(operands, Splat);
        }
        string suffix = Mangle(resultType, vector);
        if (resultType != operands[0].Type)
        {
            suffix += "." + Mangle(operands[0].Type, vector);
        }
        string result = vector ? VectorOf(resultType) : resultType;
        return Call($"llvm.{name}.{suffix}", result, resultType, vector, [.. operands.Select(Arg)]);
    }

    /// <summary>An intrinsic with a trailing immediate flag (ctlz, cttz, abs).</summary>
    public Value IntrinsicFlag(string name, Value operand, bool flag) =>
        Call(
            $"llvm.{name}.{Mangle(operand.Type, operand.IsVector)}",
            TypeOf(operand),
            operand.Type,
            operand.IsVector,
            Arg(operand),
            flag ? "i1 true" : "i1 false"
        );

    /// <summary>A call with arguments spelled; declares intrinsics.</summary>
    public Value Call(
        string function,
        string resultSpelled,
        string resultType,
        bool isVector,
        params string[] arguments
    )
    {
        Declare(function, resultSpelled, arguments);
        return Assign($"call {resultSpelled} @{function}({string.Join(", ", arguments)})", resultType, isVector);
    }

    /// <summary>A call without a result.</summary>
    public void CallVoid(string function, params string[] arguments)
    {
        Declare(function, "void", arguments);
        Line($"call void @{function}({string.Join(", ", arguments)})");
    }

    /// <summary>One lane of a vector.</summary>
    public Value Lane(Value vector, Value lane) =>
        vector.IsVector
            ? Assign(
                $"extractelement {VectorOf(vector.Type)} {vector.Text}, {lane.Type} {lane.Text}",
                vector.Type,
                false
            )
            : vector;

    /// <summary>One lane of a vector.</summary>
    public Value Lane(Value vector, int lane) => Lane(vector, Int("i64", lane));

    /// <summary>Lane predicates as the bits of one integer, lane 0 lowest.</summary>
    public Value Bits(Value predicate) =>
        Assign(
            $"bitcast {VectorOf("i1")} {Splat(predicate).Text} to i{Lanes}",
            "i" + Lanes.ToString(CultureInfo.InvariantCulture),
            false
        );

    /// <summary>Bits of an integer as lane predicates.</summary>
    public Value FromBits(Value bits) => Assign($"bitcast i{Lanes} {bits.Text} to {VectorOf("i1")}", "i1", true);

    /// <summary>True when the predicate holds in some lane.</summary>
    public Value Any(Value predicate) => predicate.IsVector ? Compare("ne", Bits(predicate), 0) : predicate;

    /// <summary>True when the predicate holds in all lanes.</summary>
    public Value All(Value predicate) => predicate.IsVector ? Compare("eq", Bits(predicate), -1) : predicate;

    /// <summary>Logical not.</summary>
    public Value Not(Value predicate) =>
        predicate.Text switch
        {
            "true" => Int("i1", 0),
            "false" => Int("i1", 1),
            _ => Binary("xor", predicate, new Value("true", "i1", false)),
        };

    /// <summary>Loads a scalar, or a vector spelled as such.</summary>
    public Value Load(string type, bool isVector, string pointer, string suffix = "") =>
        Assign($"load {(isVector ? VectorOf(type) : type)}, ptr {pointer}{suffix}", type, isVector);

    /// <summary>Stores.</summary>
    public void Store(Value value, string pointer, string suffix = "") =>
        Line($"store {Arg(value)}, ptr {pointer}{suffix}");

    /// <summary>Address plus bytes.</summary>
    public string Offset(string pointer, long bytes) =>
        bytes == 0 ? pointer : Assign($"getelementptr i8, ptr {pointer}, i64 {bytes}", "ptr", false).Text;

    /// <summary>Address plus bytes.</summary>
    public string Offset(string pointer, Value bytes) =>
        Assign($"getelementptr i8, ptr {pointer}, {bytes.Type} {bytes.Text}", "ptr", false).Text;

    /// <summary>Scalars and vectors made alike.</summary>
    public (Value A, Value B) Match(Value a, Value b) =>
        a.IsVector == b.IsVector ? (a, b)
        : a.IsVector ? (a, Splat(b))
        : (Splat(a), b);

    /// <summary>Type in the name of an overloaded intrinsic.</summary>
    public string Mangle(string type, bool vector)
    {
        string element = type switch
        {
            "float" => "f32",
            "double" => "f64",
            "half" => "f16",
            "ptr" => "p0",
            _ => type,
        };
        return vector ? $"v{Lanes}{element}" : element;
    }

    /// <summary>Declares an intrinsic that is called by other text than this one's.</summary>
    public void Declare(string function, string result, params string[] arguments)
    {
        if (function.StartsWith("llvm.", StringComparison.Ordinal))
        {
            _declarations.Add($"declare {result} @{function}({string.Join(", ", arguments.Select(ArgumentType))})");
        }
    }

    private static string ArgumentType(string argument)
    {
        if (argument[0] == '<')
        {
            return argument[..(argument.IndexOf('>') + 1)];
        }
        return argument[..argument.IndexOf(' ')];
    }
}
