using System.Buffers.Binary;
using Weir.Kernels.Ir;

namespace Weir.Kernels.Ptx;

/// <summary>
/// Initial values of variables: constants, nested braces, addresses of other variables, also in the form
/// <c>0xff00(name)</c>, which takes one byte of the address.
/// </summary>
internal sealed class PtxInitializer(PtxDeclaration variable, List<long> dimensions, int elementBytes)
{
    private const long MaxInitialBytes = 64 << 20;
    private readonly MemoryStream _bytes = new();
    private readonly List<PtxRelocation> _relocations = [];
    private readonly int _scalarBytes = elementBytes / variable.VectorLength;

    /// <summary>The contents up to the last value given.</summary>
    public byte[] Bytes => _bytes.ToArray();

    /// <summary>Size of the variable when its first dimension was left open.</summary>
    public long SizeBytes { get; private set; }

    /// <summary>Addresses in the contents.</summary>
    public IReadOnlyList<PtxRelocation> Relocations => _relocations;

    /// <summary>Reads what follows the equals sign.</summary>
    public void Parse(ref PtxTokenStream tokens)
    {
        if (variable.Space is not ("global" or "const"))
        {
            throw new PtxException($"a variable in .{variable.Space} cannot have an initial value", tokens.Line);
        }

        var vector = variable.VectorLength > 1 ? dimensions.Append(variable.VectorLength).ToList() : dimensions;
        if (vector.Count == 0)
        {
            Value(ref tokens, 0);
            SizeBytes = _scalarBytes;
            return;
        }

        Level(ref tokens, vector, 0, 0);
        SizeBytes = Math.Max(SizeBytes, (_bytes.Length + elementBytes - 1) / elementBytes * elementBytes);
    }

    // One brace level: its values start at an offset and fill the rest of the dimensions.
    private void Level(ref PtxTokenStream tokens, List<long> shape, int level, long offset)
    {
        long stride = _scalarBytes;
        for (var i = level + 1; i < shape.Count; i++)
        {
            stride *= shape[i];
        }

        tokens.Expect('{');
        if (tokens.TryTake('}'))
        {
            return;
        }

        var limit = shape[level] < 0 ? long.MaxValue : shape[level] * stride;
        var at = 0L;
        do
        {
            var nested = tokens.At('{');
            if (nested && level + 1 >= shape.Count)
            {
                throw new PtxException(
                    $"the initial value of '{variable.Name}' has too many levels of braces",
                    tokens.Line
                );
            }

            // Values without inner braces fill the dimensions in order.
            var size = nested ? stride : _scalarBytes;
            if (at > limit - size)
            {
                throw new PtxException($"'{variable.Name}' has more initial values than elements", tokens.Line);
            }

            if (nested)
            {
                Level(ref tokens, shape, level + 1, offset + at);
            }
            else
            {
                Value(ref tokens, offset + at);
            }

            at += size;
            if (offset + at > MaxInitialBytes)
            {
                throw new PtxException($"the initial value of '{variable.Name}' is too large", tokens.Line);
            }
        } while (tokens.TryTake(','));
        tokens.Expect('}');
        SizeBytes = Math.Max(SizeBytes, offset + (at + stride - 1) / stride * stride);
    }

    private void Value(ref PtxTokenStream tokens, long offset)
    {
        var line = tokens.Line;
        if (IrTypes.IsFloat(variable.Type))
        {
            Write(offset, FloatBits(ref tokens));
            return;
        }

        if (tokens.Current.Kind == PtxTokenKind.Word && tokens.Text(tokens.Current) != "WARP_SZ")
        {
            Address(ref tokens, offset, 0);
            return;
        }

        if (tokens.Current.Kind is PtxTokenKind.Single or PtxTokenKind.Double)
        {
            throw new PtxException(
                $"a floating literal in '{variable.Name}' of type .{PtxTypes.Name(variable.Type)}",
                line
            );
        }

        var value = PtxConstant.Parse(ref tokens);
        if (tokens.TryTake('('))
        {
            // 0xff, 0xff00, ...: one byte of an address.
            var shift = System.Numerics.BitOperations.TrailingZeroCount((ulong)value);
            if (value == 0 || (ulong)value != 0xffUL << shift || shift % 8 != 0 || _scalarBytes != 1)
            {
                throw new PtxException($"0x{value:x} is no mask of one byte of an address", line);
            }

            Address(ref tokens, offset, shift);
            tokens.Expect(')');
            return;
        }

        Write(offset, (ulong)value);
    }

    private void Address(ref PtxTokenStream tokens, long offset, int shift)
    {
        var line = tokens.Line;
        var name = tokens.ExpectWord("a variable");
        if (name == "generic" && tokens.TryTake('('))
        {
            name = tokens.ExpectWord("a variable");
            tokens.Expect(')');
        }

        var addend = 0L;
        while (tokens.At('+') || tokens.At('-'))
        {
            var minus = tokens.Take().Is('-');
            if (tokens.Current.Kind != PtxTokenKind.Integer)
            {
                throw tokens.Unexpected("an offset");
            }

            var value = (long)tokens.Take().Bits;
            addend += minus ? -value : value;
        }

        if (_scalarBytes != 8 && !(_scalarBytes == 1))
        {
            throw new PtxException($"the address of '{name}' does not fit .{PtxTypes.Name(variable.Type)}", line);
        }

        Write(offset, 0);
        _relocations.Add(new PtxRelocation(offset, _scalarBytes, name, addend, shift));
    }

    private ulong FloatBits(ref PtxTokenStream tokens)
    {
        var negative = tokens.TryTake('-');
        var token = tokens.Current;
        double value;
        switch (token.Kind)
        {
            case PtxTokenKind.Single when variable.Type == IrType.F32:
                tokens.Take();
                return token.Bits ^ (negative ? 0x8000_0000 : 0);
            case PtxTokenKind.Single:
                value = BitConverter.UInt32BitsToSingle((uint)token.Bits);
                break;
            case PtxTokenKind.Double:
                value = BitConverter.UInt64BitsToDouble(token.Bits);
                break;
            case PtxTokenKind.Integer:
                value = token.Bits;
                break;
            default:
                throw tokens.Unexpected("a floating constant");
        }

        tokens.Take();
        value = negative ? -value : value;
        return variable.Type switch
        {
            IrType.F64 => BitConverter.DoubleToUInt64Bits(value),
            IrType.F32 => BitConverter.SingleToUInt32Bits((float)value),
            IrType.F16 => BitConverter.HalfToUInt16Bits((Half)value),
            _ => throw new PtxException(
                $"'{variable.Name}' of type .{PtxTypes.Name(variable.Type)} cannot have an initial value",
                token.Line
            ),
        };
    }

    private void Write(long offset, ulong bits)
    {
        Span<byte> buffer = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(buffer, bits);
        _bytes.Position = offset;
        _bytes.Write(buffer[..Math.Max(1, _scalarBytes)]);
    }
}
