using System.Buffers.Binary;
using System.Text;
using Google.Protobuf;

namespace Weir.Estimates.Tests;

/// <summary>Files of models, written as their formats say.</summary>
internal static class ModelFiles
{
    /// <summary>A safetensors file with the tensors' bytes behind its header.</summary>
    public static byte[] Safetensors(params (string Name, string Type, int Width, long[] Shape)[] tensors)
    {
        long at = 0;
        List<string> entries = ["\"__metadata__\":{\"format\":\"pt\"}"];
        foreach (var (name, type, width, shape) in tensors)
        {
            long end = at + shape.Aggregate(1L, (product, extent) => product * extent) * width;
            entries.Add(
                $"\"{name}\":{{\"dtype\":\"{type}\",\"shape\":[{string.Join(',', shape)}],\"data_offsets\":[{at},{end}]}}"
            );
            at = end;
        }
        byte[] header = Encoding.UTF8.GetBytes("{" + string.Join(',', entries) + "}");
        byte[] file = new byte[8 + header.Length + at];
        BinaryPrimitives.WriteInt64LittleEndian(file, header.Length);
        header.CopyTo(file, 8);
        return file;
    }

    /// <summary>A GGUF file of version 3: the sizes of a small llama and two tensors, one of them in blocks of 32.</summary>
    public static byte[] Gguf()
    {
        var bytes = new MemoryStream();
        using var writer = new BinaryWriter(bytes);
        writer.Write(0x46554747);
        writer.Write(3u);
        writer.Write(2ul);
        writer.Write(7ul);
        Text("general.architecture");
        writer.Write(8u);
        Text("llama");
        foreach (
            (string key, uint value) in (ReadOnlySpan<(string, uint)>)
                [
                    ("block_count", 4),
                    ("embedding_length", 256),
                    ("attention.head_count", 8),
                    ("attention.head_count_kv", 2),
                    ("feed_forward_length", 688),
                ]
        )
        {
            Text("llama." + key);
            writer.Write(4u);
            writer.Write(value);
        }
        Text("tokenizer.ggml.tokens");
        writer.Write(9u);
        writer.Write(8u);
        writer.Write(3ul);
        Text("a");
        Text("b");
        Text("c");
        Tensor("token_embd.weight", [256, 3], 1);
        Tensor("blk.0.attn_q.weight", [256, 256], 2);
        return bytes.ToArray();

        void Text(string text)
        {
            writer.Write((ulong)text.Length);
            writer.Write(Encoding.UTF8.GetBytes(text));
        }

        void Tensor(string name, ulong[] shape, uint type)
        {
            Text(name);
            writer.Write((uint)shape.Length);
            foreach (ulong extent in shape)
            {
                writer.Write(extent);
            }
            writer.Write(type);
            writer.Write(0ul);
        }
    }

    /// <summary>An ONNX model with two weights: 16 bits wide with packed extents, 32 bits wide with single ones.</summary>
    public static byte[] Onnx()
    {
        byte[] half = Message(output =>
        {
            output.WriteTag(1, WireFormat.WireType.LengthDelimited);
            output.WriteBytes(
                ByteString.CopyFrom(
                    Message(extents =>
                    {
                        extents.WriteInt64(300);
                        extents.WriteInt64(20);
                    })
                )
            );
            output.WriteTag(2, WireFormat.WireType.Varint);
            output.WriteInt32(10);
            output.WriteTag(9, WireFormat.WireType.LengthDelimited);
            output.WriteBytes(ByteString.CopyFrom(new byte[12_000]));
        });
        byte[] whole = Message(output =>
        {
            foreach (long extent in (ReadOnlySpan<long>)[5, 7])
            {
                output.WriteTag(1, WireFormat.WireType.Varint);
                output.WriteInt64(extent);
            }
            output.WriteTag(2, WireFormat.WireType.Varint);
            output.WriteInt32(1);
        });
        byte[] graph = Message(output =>
        {
            output.WriteTag(2, WireFormat.WireType.LengthDelimited);
            output.WriteString("main");
            output.WriteTag(5, WireFormat.WireType.LengthDelimited);
            output.WriteBytes(ByteString.CopyFrom(half));
            output.WriteTag(5, WireFormat.WireType.LengthDelimited);
            output.WriteBytes(ByteString.CopyFrom(whole));
        });
        return Message(output =>
        {
            output.WriteTag(1, WireFormat.WireType.Varint);
            output.WriteInt64(8);
            output.WriteTag(7, WireFormat.WireType.LengthDelimited);
            output.WriteBytes(ByteString.CopyFrom(graph));
        });
    }

    private static byte[] Message(Action<CodedOutputStream> write)
    {
        var bytes = new MemoryStream();
        using (var output = new CodedOutputStream(bytes, leaveOpen: true))
        {
            write(output);
        }
        return bytes.ToArray();
    }
}
