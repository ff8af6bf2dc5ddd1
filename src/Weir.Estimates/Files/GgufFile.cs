using System.Text;

namespace Weir.Estimates.Files;

/// <summary>
/// The header of a GGUF file, versions 2 and 3 (format: the ggml project's docs/gguf.md): key-value pairs, then each tensor's
/// name, extents and type. The tensors themselves are not read.
/// </summary>
internal sealed class GgufFile
{
    private const uint Magic = 0x46554747;
    private const int MostText = 1 << 20;
    private const int MostExtents = 8;

    // Elements per block and bytes per block, by the type's number.
    private static readonly Dictionary<uint, (ulong Block, ulong Bytes)> s_types = new()
    {
        [0] = (1, 4),
        [1] = (1, 2),
        [2] = (32, 18),
        [3] = (32, 20),
        [6] = (32, 22),
        [7] = (32, 24),
        [8] = (32, 34),
        [9] = (32, 36),
        [10] = (256, 84),
        [11] = (256, 110),
        [12] = (256, 144),
        [13] = (256, 176),
        [14] = (256, 210),
        [15] = (256, 292),
        [16] = (256, 66),
        [17] = (256, 74),
        [18] = (256, 98),
        [19] = (256, 50),
        [20] = (32, 18),
        [21] = (256, 110),
        [22] = (256, 82),
        [23] = (256, 136),
        [24] = (1, 1),
        [25] = (1, 2),
        [26] = (1, 4),
        [27] = (1, 8),
        [28] = (1, 8),
        [29] = (256, 56),
        [30] = (1, 2),
    };

    private readonly Dictionary<string, long> _numbers = [];
    private string _kind = "";

    /// <summary>Elements of lists, for the one size that is told only so: how many tokens there are.</summary>
    private long _tokens;

    /// <summary>Reads the header and adds the file's tensors to <paramref name="tally"/>.</summary>
    /// <exception cref="ModelFileException">It is damaged or not such a file.</exception>
    public static GgufFile Read(Stream file, TensorTally tally)
    {
        var header = new GgufFile();
        try
        {
            using var reader = new BinaryReader(new BufferedStream(file, 1 << 16), Encoding.UTF8, leaveOpen: true);
            header.Read(reader, file.Length, tally);
        }
        catch (EndOfStreamException error)
        {
            throw new ModelFileException("it ends within its header", error);
        }
        return header;
    }

    /// <summary>The transformer's sizes, or null when the file does not tell them.</summary>
    public Architecture? Architecture
    {
        get
        {
            long layers = Number("block_count");
            long hidden = Number("embedding_length");
            long heads = Number("attention.head_count");
            if (layers <= 0 || hidden <= 0 || heads <= 0)
            {
                return null;
            }
            long keyValueHeads = Number("attention.head_count_kv");
            long headSize = Number("attention.key_length");
            return new Architecture
            {
                Layers = layers,
                Hidden = hidden,
                Heads = heads,
                KeyValueHeads = keyValueHeads > 0 ? keyValueHeads : heads,
                HeadSize = headSize > 0 ? headSize : Math.Max(1, hidden / heads),
                Intermediate = Number("feed_forward_length") is > 0 and var width ? width : 4 * hidden,
                Vocabulary = Number("vocab_size") is > 0 and var known ? known : _tokens,
                Context = Number("context_length"),
                IsGated = true,
                Experts = Math.Max(1, Number("expert_count")),
            };
        }
    }

    private long Number(string key) => _numbers.GetValueOrDefault($"{_kind}.{key}");

    private void Read(BinaryReader reader, long fileBytes, TensorTally tally)
    {
        if (reader.ReadUInt32() != Magic)
        {
            throw new ModelFileException("it does not begin as a GGUF file does");
        }
        uint version = reader.ReadUInt32();
        if (version is not (2 or 3))
        {
            throw new ModelFileException(
                $"it has GGUF version {version}; 2 and 3 are understood (a file of the other byte order is not)"
            );
        }
        ulong tensors = reader.ReadUInt64();
        ulong pairs = reader.ReadUInt64();
        // Each takes more than ten bytes, so more cannot be there.
        if (tensors > (ulong)fileBytes / 10 || pairs > (ulong)fileBytes / 10)
        {
            throw new ModelFileException("it says it has more tensors or keys than its length allows: damaged");
        }
        for (ulong i = 0; i < pairs; i++)
        {
            string key = Text(reader);
            Value(reader, key, reader.ReadUInt32(), fileBytes);
        }
        for (ulong i = 0; i < tensors; i++)
        {
            string name = Text(reader);
            uint count = reader.ReadUInt32();
            if (count > MostExtents)
            {
                throw new ModelFileException($"tensor \"{name}\" has {count} extents: damaged");
            }
            ulong[] shape = [.. Enumerable.Range(0, (int)count).Select(_ => reader.ReadUInt64())];
            uint type = reader.ReadUInt32();
            _ = reader.ReadUInt64();
            if (!s_types.TryGetValue(type, out (ulong Block, ulong Bytes) form))
            {
                throw new ModelFileException($"tensor \"{name}\" has the unknown type {type}");
            }
            tally.Add(shape, form.Bytes * 8, form.Block);
        }
    }

    private void Value(BinaryReader reader, string key, uint type, long fileBytes)
    {
        switch (type)
        {
            case 8:
                string text = Text(reader);
                _kind = key == "general.architecture" ? text : _kind;
                break;
            case 9:
                uint element = reader.ReadUInt32();
                ulong count = reader.ReadUInt64();
                if (element == 9 || count > (ulong)fileBytes)
                {
                    throw new ModelFileException($"the list \"{key}\" is longer than the file, or nested: damaged");
                }
                _tokens = key == "tokenizer.ggml.tokens" ? (long)count : _tokens;
                for (ulong i = 0; i < count; i++)
                {
                    // Sizes that differ between layers come as lists: the largest counts.
                    long member = element == 8 ? Skip(reader) : Number(reader, element);
                    if (element != 8 && count < 10_000)
                    {
                        _numbers[key] = Math.Max(member, _numbers.GetValueOrDefault(key));
                    }
                }
                break;
            default:
                _numbers[key] = Number(reader, type);
                break;
        }
    }

    private static long Skip(BinaryReader reader)
    {
        _ = Text(reader);
        return 0;
    }

    private static long Number(BinaryReader reader, uint type) =>
        type switch
        {
            0 or 7 => reader.ReadByte(),
            1 => reader.ReadSByte(),
            2 => reader.ReadUInt16(),
            3 => reader.ReadInt16(),
            4 => reader.ReadUInt32(),
            5 => reader.ReadInt32(),
            6 => Rounded(reader.ReadSingle()),
            10 => (long)Math.Min(reader.ReadUInt64(), long.MaxValue),
            11 => reader.ReadInt64(),
            12 => Rounded(reader.ReadDouble()),
            _ => throw new ModelFileException($"a value has the unknown type {type}: damaged"),
        };

    private static long Rounded(double value) => double.IsFinite(value) && Math.Abs(value) < 1e15 ? (long)value : 0;

    private static string Text(BinaryReader reader)
    {
        ulong bytes = reader.ReadUInt64();
        if (bytes > MostText)
        {
            throw new ModelFileException($"a text has {bytes} bytes: damaged");
        }
        byte[] text = reader.ReadBytes((int)bytes);
        return text.Length == (int)bytes ? Encoding.UTF8.GetString(text) : throw new EndOfStreamException();
    }
}
