using System.Text.Json;

namespace Weir.Estimates.Files;

/// <summary>The sizes in a Hugging Face config.json, under the names that the usual families give them.</summary>
internal static class HuggingFaceConfig
{
    private const long MostBytes = 16 << 20;
    private const long MostSize = 1L << 40;

    // Families whose feed-forward part has two matrices; all newer ones have three.
    private static readonly HashSet<string> s_plain = new(StringComparer.Ordinal)
    {
        "gpt2",
        "gpt_neo",
        "gpt_neox",
        "gptj",
        "opt",
        "bloom",
        "bert",
        "roberta",
        "distilbert",
        "falcon",
        "phi",
        "mpt",
        "codegen",
        "starcoder2",
        "gpt_bigcode",
    };

    /// <summary>Reads the sizes and how wide a stored parameter is; null when they are not those of a transformer.</summary>
    /// <exception cref="ModelFileException">It is no JSON, or a size makes no sense.</exception>
    public static (Architecture? Architecture, int? BytesPerParameter) Read(Stream file)
    {
        if (file.Length > MostBytes)
        {
            throw new ModelFileException("it is too large for a config.json");
        }
        try
        {
            using JsonDocument json = JsonDocument.Parse(file);
            JsonElement root = json.RootElement;
            if (root.ValueKind != JsonValueKind.Object)
            {
                throw new ModelFileException("it is no JSON object");
            }
            // Models that see and hear keep the sizes of their language part one level deeper.
            JsonElement sizes =
                root.TryGetProperty("text_config", out JsonElement inner) && inner.ValueKind == JsonValueKind.Object
                    ? inner
                    : root;
            return (Sizes(sizes, root), Width(sizes) ?? Width(root));
        }
        catch (JsonException error)
        {
            throw new ModelFileException($"it is no JSON: {error.Message}", error);
        }
    }

    private static Architecture? Sizes(JsonElement sizes, JsonElement root)
    {
        long hidden = Number(sizes, "hidden_size", "n_embd", "d_model", "dim");
        long layers = Number(sizes, "num_hidden_layers", "n_layer", "n_layers", "num_layers");
        long heads = Number(sizes, "num_attention_heads", "n_head", "n_heads", "num_heads");
        long vocabulary = Number(sizes, "vocab_size");
        if (hidden == 0 || layers == 0 || heads == 0)
        {
            return null;
        }
        string family = Text(sizes, "model_type") ?? Text(root, "model_type") ?? "";
        bool isPlain = s_plain.Contains(family);
        long keyValueHeads = Number(sizes, "num_key_value_heads", "num_kv_heads");
        long headSize = Number(sizes, "head_dim");
        long width = Number(sizes, "moe_intermediate_size", "intermediate_size", "n_inner", "ffn_dim", "hidden_dim");
        return new Architecture
        {
            Layers = layers,
            Hidden = hidden,
            Heads = heads,
            KeyValueHeads = keyValueHeads > 0 ? keyValueHeads : heads,
            HeadSize = headSize > 0 ? headSize : Math.Max(1, hidden / heads),
            Intermediate = width > 0 ? width : 4 * hidden,
            Vocabulary = vocabulary,
            Context = Number(sizes, "max_position_embeddings", "n_positions", "n_ctx", "seq_length"),
            Positions = family is "gpt2" or "opt" or "bert" or "roberta" or "gpt_neo" or "gpt_bigcode"
                ? Number(sizes, "max_position_embeddings", "n_positions", "n_ctx")
                : 0,
            IsGated = !isPlain,
            SharesEmbeddings = Flag(sizes, "tie_word_embeddings") ?? Flag(root, "tie_word_embeddings") ?? isPlain,
            Experts = Math.Max(1, Number(sizes, "num_local_experts", "n_routed_experts", "num_experts")),
        };
    }

    private static int? Width(JsonElement sizes) =>
        (Text(sizes, "torch_dtype") ?? Text(sizes, "dtype")) switch
        {
            "float64" => 8,
            "float32" => 4,
            "float16" or "bfloat16" => 2,
            "float8_e4m3fn" or "float8_e5m2" or "int8" => 1,
            _ => null,
        };

    private static long Number(JsonElement sizes, params ReadOnlySpan<string> names)
    {
        foreach (string name in names)
        {
            if (sizes.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.Number)
            {
                return value.TryGetInt64(out long number) && number is >= 0 and <= MostSize
                    ? number
                    : throw new ModelFileException($"\"{name}\" makes no sense: {value.GetRawText()}");
            }
        }
        return 0;
    }

    private static string? Text(JsonElement sizes, string name) =>
        sizes.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;

    private static bool? Flag(JsonElement sizes, string name) =>
        sizes.TryGetProperty(name, out JsonElement value)
        && value.ValueKind is JsonValueKind.True or JsonValueKind.False
            ? value.GetBoolean()
            : null;
}
