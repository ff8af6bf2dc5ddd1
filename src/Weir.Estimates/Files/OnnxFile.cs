using Google.Protobuf;

namespace Weir.Estimates.Files;

/// <summary>
/// The weights of an ONNX model: the initializers of its graph (onnx.proto: ModelProto.graph = 7, GraphProto.initializer = 5,
/// TensorProto.dims = 1, data_type = 2). Weights kept in files beside it count too, as their shapes are here.
/// </summary>
internal static class OnnxFile
{
    private const int Graph = 7;
    private const int Initializer = 5;
    private const int Dims = 1;
    private const int DataType = 2;

    /// <summary>Adds the model's weights to <paramref name="tally"/>.</summary>
    /// <exception cref="ModelFileException">It is damaged or not such a file.</exception>
    public static void Read(Stream file, TensorTally tally)
    {
        bool hasGraph = false;
        try
        {
            using var input = new CodedInputStream(file, leaveOpen: true);
            ForEachField(
                input,
                (field, message) =>
                {
                    if (field == Graph && message is not null)
                    {
                        hasGraph = true;
                        ForEachField(message, (inner, tensor) => AddWhen(inner == Initializer, tensor, tally));
                    }
                }
            );
        }
        catch (InvalidProtocolBufferException error)
        {
            throw new ModelFileException($"it is damaged, or no ONNX model: {error.Message}", error);
        }
        if (!hasGraph)
        {
            throw new ModelFileException("it has no graph: no ONNX model");
        }
    }

    private static void AddWhen(bool isWeight, CodedInputStream? tensor, TensorTally tally)
    {
        if (!isWeight || tensor is null)
        {
            return;
        }
        List<ulong> shape = [];
        int type = 0;
        for (uint tag = tensor.ReadTag(); tag != 0; tag = tensor.ReadTag())
        {
            switch (WireFormat.GetTagFieldNumber(tag), WireFormat.GetTagWireType(tag))
            {
                case (Dims, WireFormat.WireType.Varint):
                    shape.Add(Extent(tensor.ReadInt64()));
                    break;
                case (Dims, WireFormat.WireType.LengthDelimited):
                    using (CodedInputStream packed = tensor.ReadBytes().CreateCodedInput())
                    {
                        while (!packed.IsAtEnd)
                        {
                            shape.Add(Extent(packed.ReadInt64()));
                        }
                    }
                    break;
                case (DataType, WireFormat.WireType.Varint):
                    type = tensor.ReadInt32();
                    break;
                default:
                    tensor.SkipLastField();
                    break;
            }
        }
        tally.Add(shape, Bits(type));
    }

    // Gives each field; those that may be messages as a reader of their own, the others skipped.
    private static void ForEachField(CodedInputStream input, Action<int, CodedInputStream?> visit)
    {
        for (uint tag = input.ReadTag(); tag != 0; tag = input.ReadTag())
        {
            int field = WireFormat.GetTagFieldNumber(tag);
            if (WireFormat.GetTagWireType(tag) == WireFormat.WireType.LengthDelimited && field is Graph or Initializer)
            {
                using CodedInputStream message = input.ReadBytes().CreateCodedInput();
                visit(field, message);
            }
            else
            {
                input.SkipLastField();
                visit(field, null);
            }
        }
    }

    private static ulong Extent(long value) =>
        value >= 0 ? (ulong)value : throw new ModelFileException("a weight has a negative extent: damaged");

    private static ulong Bits(int type) =>
        type switch
        {
            1 or 6 or 12 => 32,
            2 or 3 or 9 or 17 or 18 or 19 or 20 => 8,
            4 or 5 or 10 or 16 => 16,
            7 or 11 or 13 or 14 => 64,
            15 => 128,
            21 or 22 or 23 => 4,
            _ => throw new ModelFileException($"a weight has the unknown type {type}"),
        };
}
