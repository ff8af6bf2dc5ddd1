using Weir.Kernels.Ir;

namespace Weir.Kernels.Codegen;

/// <summary>
/// mma: a vector is one warp, so the elements that a lane needs of the others are fixed shuffles. Lane 4g + t has rows g and g + 8 of the results,
/// columns 2t and 2t + 1. Products are summed in the order of their places; floats are fused and rounded once each.
/// </summary>
internal sealed class MatrixEmitter(KernelContext context)
{
    private const int Warp = 32;
    private const int Quad = 4;

    private LaneBuilder B => context.B;

    private IrInstruction I => context.Instruction;

    private bool IsFloat => I.DestType != IrType.S32;

    private string Type => IsFloat ? "float" : "i32";

    /// <summary>Emits the operation.</summary>
    public void Emit()
    {
        int each = 32 / IrTypes.Bits(I.Type);
        int rows = 16 * I.Depth / Warp / each;
        int columns = 8 * I.Depth / Warp / each;
        Value[][] a = Elements(0, rows, I.Type, each);
        Value[][] b = Elements(rows, columns, I.OtherType, each);
        Value[] sums = Sums(rows + columns);
        for (int k = 0; k < I.Depth; k++)
        {
            int group = k / (Quad * each);
            int holder = k % (Quad * each) / each;
            int part = k % each;
            Value upper = Spread(a[2 * group][part], lane => (lane & ~3) | holder);
            Value lower = Spread(a[2 * group + 1][part], lane => (lane & ~3) | holder);
            Value left = Spread(b[group][part], lane => 2 * (lane & 3) * Quad + holder);
            Value right = Spread(b[group][part], lane => (2 * (lane & 3) + 1) * Quad + holder);
            sums[0] = Add(upper, left, sums[0]);
            sums[1] = Add(upper, right, sums[1]);
            sums[2] = Add(lower, left, sums[2]);
            sums[3] = Add(lower, right, sums[3]);
        }
        Write(sums);
    }

    /// <summary>The elements of registers, by register and place in it, in the type that sums have.</summary>
    private Value[][] Elements(int first, int count, IrType type, int each)
    {
        var elements = new Value[count][];
        for (int r = 0; r < count; r++)
        {
            Value word = B.Splat(context.Source(first + r, "i32"));
            elements[r] = [.. Enumerable.Range(0, each).Select(part => Element(word, type, part))];
        }
        return elements;
    }

    private Value Element(Value word, IrType type, int part)
    {
        switch (type)
        {
            case IrType.F32:
                // Of a tf32 the upper 19 bits count.
                return B.Cast("bitcast", B.Binary("and", word, unchecked((int)0xFFFFE000)), "float");
            case IrType.BF16:
                Value bits = part == 0 ? B.Binary("shl", word, 16) : B.Binary("and", word, unchecked((int)0xFFFF0000));
                return B.Cast("bitcast", bits, "float");
            case IrType.F16:
                Value half = B.Resize(part == 0 ? word : B.Binary("lshr", word, 16), "i16", signed: false);
                return B.Cast("fpext", B.Cast("bitcast", half, "half"), "float");
            default:
                Value top = B.Binary("shl", word, 24 - 8 * part);
                return B.Binary(type == IrType.S8 ? "ashr" : "lshr", top, 24);
        }
    }

    private Value[] Sums(int first)
    {
        if (I.DestType != IrType.F16)
        {
            return [.. Enumerable.Range(0, 4).Select(n => B.Splat(context.Source(first + n, Type)))];
        }
        Value[] words = [.. Enumerable.Range(0, 2).Select(n => B.Splat(context.Source(first + n, "i32")))];
        return [.. words.SelectMany(word => new[] { Element(word, IrType.F16, 0), Element(word, IrType.F16, 1) })];
    }

    private Value Spread(Value value, Func<int, int> from)
    {
        string type = B.VectorOf(value.Type);
        IEnumerable<string> picks = Enumerable.Range(0, Warp).Select(lane => $"i32 {from(lane)}");
        return B.Assign(
            $"shufflevector {type} {value.Text}, {type} poison, <{Warp} x i32> <{string.Join(", ", picks)}>",
            value.Type,
            true
        );
    }

    private Value Add(Value a, Value b, Value sum) =>
        IsFloat ? B.Intrinsic("fma", a, b, sum) : B.Binary("add", B.Binary("mul", a, b), sum);

    private void Write(Value[] sums)
    {
        if (I.DestType != IrType.F16)
        {
            for (int n = 0; n < sums.Length; n++)
            {
                context.Write(sums[n], dest: n);
            }
            return;
        }
        for (int n = 0; n < 2; n++)
        {
            Value low = Half(sums[2 * n]);
            Value high = Half(sums[2 * n + 1]);
            context.Write(B.Binary("or", low, B.Binary("shl", high, 16)), dest: n);
        }
    }

    private Value Half(Value sum) =>
        B.Resize(B.Cast("bitcast", B.Cast("fptrunc", sum, "half"), "i16"), "i32", signed: false);
}
