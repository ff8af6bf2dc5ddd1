using Weir.Kernels.Analysis;
using Weir.Kernels.Ir;

namespace Weir.Kernels.Codegen;

/// <summary>
/// Where the virtual registers of a kernel are kept while one warp runs: one scalar, a base, or a vector each,
/// as the analysis found. They are stack slots that LLVM turns into its own registers.
/// </summary>
internal sealed class RegisterFile
{
    private readonly LaneBuilder _builder;
    private readonly IReadOnlyList<IrRegister> _registers;
    private readonly Shape[] _shapes;
    private readonly Slot?[] _slots;

    public RegisterFile(LaneBuilder builder, IrFunction function, Shape[] shapes)
    {
        _builder = builder;
        _registers = function.Registers;
        _shapes = shapes;
        _slots = new Slot?[shapes.Length];
    }

    private sealed record Slot(string Main, string? BreakLane, string? Delta);

    /// <summary>Shape of a register.</summary>
    public Shape ShapeOf(int register) => _shapes[register];

    /// <summary>LLVM type of one lane of a register.</summary>
    public string TypeOf(int register) =>
        _registers[register].Type switch
        {
            IrType.F32 when !_shapes[register].IsAffine => "float",
            IrType.F64 when !_shapes[register].IsAffine => "double",
            _ => "i" + _registers[register].Bits,
        };

    /// <summary>Reads a register that is not affine.</summary>
    public Value Load(int register) =>
        _builder.Load(TypeOf(register), _shapes[register].IsVarying, SlotOf(register).Main);

    /// <summary>Writes a register that is not affine.</summary>
    public void Store(int register, Value value) => _builder.Store(value, SlotOf(register).Main);

    /// <summary>Reads an affine register.</summary>
    public AffineValue LoadAffine(int register)
    {
        Slot slot = SlotOf(register);
        return new AffineValue(
            _builder.Load(TypeOf(register), false, slot.Main),
            _shapes[register].Stride,
            slot.BreakLane is null ? null : _builder.Load("i32", false, slot.BreakLane),
            slot.Delta is null ? null : _builder.Load("i64", false, slot.Delta)
        );
    }

    /// <summary>Writes an affine register.</summary>
    public void StoreAffine(int register, AffineValue value)
    {
        Slot slot = SlotOf(register);
        _builder.Store(value.Base, slot.Main);
        if (slot.BreakLane is not null)
        {
            _builder.Store(value.BreakLane ?? LaneBuilder.Int("i32", _builder.Lanes), slot.BreakLane);
            _builder.Store(value.Delta ?? LaneBuilder.Int("i64", 0), slot.Delta!);
        }
    }

    /// <summary>Sets a register to zero in all lanes.</summary>
    public void Clear(int register)
    {
        Slot slot = SlotOf(register);
        string type = _shapes[register].IsVarying ? _builder.VectorOf(TypeOf(register)) : TypeOf(register);
        _builder.Line($"store {type} zeroinitializer, ptr {slot.Main}");
        if (slot.BreakLane is not null)
        {
            _builder.Store(LaneBuilder.Int("i32", 0), slot.BreakLane);
            _builder.Store(LaneBuilder.Int("i64", 0), slot.Delta!);
        }
    }

    /// <summary>Bytes that a register takes when a warp waits at a barrier; a multiple of its alignment.</summary>
    public int SavedBytes(int register)
    {
        Shape shape = _shapes[register];
        int bits = _registers[register].Bits;
        int element = Math.Max(1, bits / 8);
        return shape.IsVarying
            ? bits == 1
                ? 4
                : element * _builder.Lanes
            : shape.Breaks
                ? 24
                : 8;
    }

    /// <summary>Copies a register to memory.</summary>
    public void Save(int register, string pointer)
    {
        Shape shape = _shapes[register];
        if (shape.IsAffine)
        {
            AffineValue value = LoadAffine(register);
            _builder.Store(value.Base, pointer);
            if (value.BreakLane is { } lane)
            {
                _builder.Store(lane, _builder.Offset(pointer, 8));
                _builder.Store(value.Delta!.Value, _builder.Offset(pointer, 16));
            }
            return;
        }
        Value loaded = Load(register);
        _builder.Store(
            loaded.Type == "i1" && loaded.IsVector ? _builder.Bits(loaded) : loaded,
            pointer,
            Alignment(loaded)
        );
    }

    /// <summary>Copies a register back from memory.</summary>
    public void Restore(int register, string pointer)
    {
        Shape shape = _shapes[register];
        if (shape.IsAffine)
        {
            Value start = _builder.Load(TypeOf(register), false, pointer);
            StoreAffine(
                register,
                shape.Breaks
                    ? new AffineValue(
                        start,
                        shape.Stride,
                        _builder.Load("i32", false, _builder.Offset(pointer, 8)),
                        _builder.Load("i64", false, _builder.Offset(pointer, 16))
                    )
                    : new AffineValue(start, shape.Stride, null, null)
            );
            return;
        }
        string type = TypeOf(register);
        if (type == "i1" && shape.IsVarying)
        {
            Store(register, _builder.FromBits(_builder.Load("i" + _builder.Lanes, false, pointer)));
            return;
        }
        Value value = new("", type, shape.IsVarying);
        Store(register, _builder.Load(type, shape.IsVarying, pointer, Alignment(value)));
    }

    private static string Alignment(Value value) =>
        value.IsVector && value.Type != "i1" ? $", align {value.Bits / 8}" : "";

    private Slot SlotOf(int register)
    {
        if (_slots[register] is { } known)
        {
            return known;
        }
        Shape shape = _shapes[register];
        string type = TypeOf(register);
        return _slots[register] = new Slot(
            _builder.Alloca(shape.IsVarying ? _builder.VectorOf(type) : type),
            shape.Breaks ? _builder.Alloca("i32") : null,
            shape.Breaks ? _builder.Alloca("i64") : null
        );
    }
}
