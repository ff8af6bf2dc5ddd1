using System.Buffers.Binary;

namespace Weir.Oracle;

/// <summary>mma and ldmatrix, by the tables of fragments in the PTX ISA, and cp.async.</summary>
internal static class MatrixInstructions
{
    private const int Rows = 16;
    private const int Columns = 8;

    /// <summary>D = A × B + C; the order of the sums, which PTX leaves open, is that of the places, each step rounded to the sum's type.</summary>
    public static WarpOperation Multiply(Instruction at, Binding binding)
    {
        var shape = at.Modifiers.First(m => m.StartsWith("m16n8k", StringComparison.Ordinal));
        var depth = int.Parse(shape["m16n8k".Length..]);
        var types = at.Modifiers.TakeLast(4).ToArray();
        var bits = Bits(types[1]);
        var (a, b, c) = (Elements(at, 1), Elements(at, 2), Elements(at, 3));
        return new WarpOperation
        {
            Key = at.Opcode,
            At = at,
            Mask = _ => uint.MaxValue,
            Inputs = [.. a.Concat(b).Concat(c).Select(one => binding.Read(one, PtxType.B32, at))],
            Outputs = [.. Elements(at, 0).Select(one => Binding.Write(one, PtxType.B32, at))],
            Combine = meeting =>
            {
                // Fragments: lane 4g + t; register r of A has row g (+8 when r is odd), of B column g.
                double A(int row, int k) => Element(meeting, row % 8, k, row / 8, 2, 0, types[1], bits);
                double B(int k, int column) => Element(meeting, column, k, 0, 1, a.Count, types[2], bits);
                var sums = new double[Rows, Columns];
                for (var row = 0; row < Rows; row++)
                {
                    for (var column = 0; column < Columns; column++)
                    {
                        var sum = Sum(meeting, row, column, a.Count + b.Count, types[3]);
                        for (var k = 0; k < depth; k++)
                        {
                            sum =
                                types[0] == "s32"
                                    ? (double)(int)(long)(sum + A(row, k) * B(k, column))
                                    : MathF.FusedMultiplyAdd((float)A(row, k), (float)B(k, column), (float)sum);
                        }
                        sums[row, column] = sum;
                    }
                }
                Give(meeting, sums, types[0]);
            },
        };
    }

    /// <summary>Lane 8m + r brings row r of matrix m; lane 4r + c takes elements 2c and 2c + 1 of row r (of column r when transposed).</summary>
    public static WarpOperation Load(Instruction at, Binding binding)
    {
        var results = Elements(at, 0);
        var address = MemoryInstructions.Address(at, at.Operands[1], binding, out var space);
        ulong Row(Lane lane, int half) =>
            lane.Index >= 8 * results.Count
                ? 0
                : BinaryPrimitives.ReadUInt64LittleEndian(
                    AddressSpaces.Resolve(lane, space, address(lane), 16, 16)[(8 * half)..]
                );
        return new WarpOperation
        {
            Key = at.Opcode,
            At = at,
            Mask = _ => uint.MaxValue,
            Inputs = [lane => Row(lane, 0), lane => Row(lane, 1)],
            Outputs = [.. results.Select(one => Binding.Write(one, PtxType.B32, at))],
            Combine = meeting =>
            {
                ushort Element(int matrix, int row, int column) =>
                    (ushort)(meeting.Inputs[8 * matrix + row][column / 4] >> (16 * (column % 4)));
                foreach (var lane in meeting.Lanes)
                {
                    var (row, column) = (lane / 4, 2 * (lane % 4));
                    for (var m = 0; m < results.Count; m++)
                    {
                        var low = at.Has("trans") ? Element(m, column, row) : Element(m, row, column);
                        var high = at.Has("trans") ? Element(m, column + 1, row) : Element(m, row, column + 1);
                        meeting.Outputs[lane][m] = low | (ulong)high << 16;
                    }
                }
            },
        };
    }

    /// <summary>Copies at once; what waits for copies has nothing to do.</summary>
    public static Step Copy(Instruction at, Binding binding)
    {
        if (!at.Has("shared"))
        {
            return _ => { };
        }
        var to = MemoryInstructions.Address(at, at.Operands[0], binding, out _);
        var from = MemoryInstructions.Address(at, at.Operands[1], binding, out _);
        var size = binding.Source(at, 2, PtxType.U32);
        var some = at.Operands.Count > 3 ? binding.Source(at, 3, PtxType.U32) : size;
        return lane =>
        {
            var bytes = (int)size(lane);
            var count = (int)Math.Min(some(lane), (ulong)bytes);
            var target = AddressSpaces.Resolve(lane, "shared", to(lane), bytes, bytes);
            target.Clear();
            for (var i = 0; i < count; i++)
            {
                target[i] = AddressSpaces.Resolve(lane, "global", from(lane) + (ulong)i, 1, 1)[0];
            }
        };
    }

    private static IReadOnlyList<Operand> Elements(Instruction at, int operand) =>
        at.Operands[operand] is VectorOperand vector ? vector.Elements : [at.Operands[operand]];

    private static int Bits(string type) =>
        type switch
        {
            "tf32" => 32,
            "u8" or "s8" => 8,
            _ => 16,
        };

    private static double Element(
        WarpMeeting meeting,
        int group,
        int k,
        int half,
        int registersPerGroup,
        int first,
        string type,
        int bits
    )
    {
        var each = 32 / bits;
        var register = first + registersPerGroup * (k / (4 * each)) + half;
        var lane = 4 * group + k % (4 * each) / each;
        var word = (uint)meeting.Inputs[lane][register];
        var part = word >> (bits * (k % each)) & (bits == 32 ? uint.MaxValue : (1u << bits) - 1);
        return Number(part, type);
    }

    private static double Number(uint bits, string type) =>
        type switch
        {
            // Each as a double of its own: the common type of all of them would round integers.
            "f16" => (double)BitConverter.UInt16BitsToHalf((ushort)bits),
            "bf16" => BitConverter.UInt32BitsToSingle(bits << 16),
            "tf32" => BitConverter.UInt32BitsToSingle(bits & 0xFFFF_E000),
            "f32" => BitConverter.UInt32BitsToSingle(bits),
            "s8" => (double)(sbyte)bits,
            "u8" => (double)bits,
            _ => (double)(int)bits,
        };

    // C and D: rows g and g + 8, columns 2t and 2t + 1; halves are packed in pairs.
    private static double Sum(WarpMeeting meeting, int row, int column, int first, string type)
    {
        var lane = 4 * (row % 8) + column / 2;
        var place = 2 * (row / 8) + column % 2;
        return type == "f16"
            ? Number((uint)meeting.Inputs[lane][first + place / 2] >> (16 * (place % 2)) & 0xFFFF, type)
            : Number((uint)meeting.Inputs[lane][first + place], type);
    }

    private static void Give(WarpMeeting meeting, double[,] sums, string type)
    {
        foreach (var lane in meeting.Lanes)
        {
            for (var place = 0; place < 4; place++)
            {
                var sum = sums[lane / 4 + 8 * (place / 2), 2 * (lane % 4) + place % 2];
                switch (type)
                {
                    case "f16":
                        var half = BitConverter.HalfToUInt16Bits((Half)(float)sum);
                        meeting.Outputs[lane][place / 2] |= (ulong)half << (16 * (place % 2));
                        break;
                    case "s32":
                        meeting.Outputs[lane][place] = (uint)(int)sum;
                        break;
                    default:
                        meeting.Outputs[lane][place] = BitConverter.SingleToUInt32Bits((float)sum);
                        break;
                }
            }
        }
    }
}
