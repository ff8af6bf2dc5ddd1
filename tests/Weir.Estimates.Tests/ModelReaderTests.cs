using FsCheck.Fluent;
using Weir.Estimates.Files;

namespace Weir.Estimates.Tests;

/// <summary>What is read from models' files, and what is refused.</summary>
public class ModelReaderTests
{
    // Published sizes and parameter counts of known models; biases and norms make the difference.
    [Theory]
    [InlineData(
        """{"model_type":"gpt2","n_embd":768,"n_layer":12,"n_head":12,"vocab_size":50257,"n_positions":1024}""",
        124_439_808
    )]
    [InlineData(
        """{"model_type":"llama","hidden_size":4096,"num_hidden_layers":32,"num_attention_heads":32,"intermediate_size":11008,"vocab_size":32000,"torch_dtype":"float16","tie_word_embeddings":false}""",
        6_738_415_616
    )]
    [InlineData(
        """{"model_type":"llama","hidden_size":4096,"num_hidden_layers":32,"num_attention_heads":32,"num_key_value_heads":8,"intermediate_size":14336,"vocab_size":128256,"torch_dtype":"bfloat16","tie_word_embeddings":false}""",
        8_030_261_248
    )]
    [InlineData(
        """{"model_type":"mixtral","hidden_size":4096,"num_hidden_layers":32,"num_attention_heads":32,"num_key_value_heads":8,"intermediate_size":14336,"vocab_size":32000,"num_local_experts":8,"tie_word_embeddings":false}""",
        46_702_792_704
    )]
    public void Parameters_counted_from_a_configuration_are_the_published_ones(string config, long published)
    {
        using var folder = new ModelFolder();
        folder.Add("config.json", config);
        ModelFacts facts = ModelReader.Read(folder.Path);
        Assert.InRange(facts.Parameters, published * 0.999, published * 1.001);
    }

    [Fact]
    public void Weights_in_safetensors_are_counted_exactly_over_all_files()
    {
        using var folder = new ModelFolder();
        folder.Add("model-1.safetensors", ModelFiles.Safetensors(("a", "F16", 2, [30, 20]), ("b", "F32", 4, [7])));
        folder.Add("model-2.safetensors", ModelFiles.Safetensors(("c", "BF16", 2, [11, 1, 2]), ("d", "F32", 4, [])));
        ModelFacts facts = ModelReader.Read(folder.Path);
        Assert.Equal(600 + 7 + 22 + 1, facts.Parameters);
        Assert.Equal(1200 + 28 + 44 + 4, facts.WeightBytes);
        Assert.Null(facts.Architecture);
    }

    [Fact]
    public void A_gguf_file_tells_sizes_and_weights()
    {
        using var folder = new ModelFolder();
        ModelFacts facts = ModelReader.Read(folder.Add("small.gguf", ModelFiles.Gguf()));
        Assert.Equal(256 * 3 + 256 * 256, facts.Parameters);
        Assert.Equal(256 * 3 * 2 + 256 * 256 / 32 * 18, facts.WeightBytes);
        Assert.Equal((4, 256, 8, 2, 32, 688, 3), Sizes(facts.Architecture!));
    }

    [Fact]
    public void An_onnx_file_tells_weights_with_packed_and_single_extents()
    {
        using var folder = new ModelFolder();
        ModelFacts facts = ModelReader.Read(folder.Add("net.onnx", ModelFiles.Onnx()));
        Assert.Equal(6000 + 35, facts.Parameters);
        Assert.Equal(12_000 + 140, facts.WeightBytes);
    }

    [Theory]
    [InlineData("missing.safetensors", null, "no such file")]
    [InlineData("model.bin", "x", "only .safetensors")]
    [InlineData("config.json", "[1]", "no JSON object")]
    [InlineData("config.json", "{", "no JSON")]
    [InlineData("config.json", """{"hidden_size":-1}""", "\"hidden_size\" makes no sense: -1")]
    [InlineData("config.json", """{"a":1}""", "names no layers")]
    [InlineData(
        "config.json",
        """{"hidden_size":1000000000000,"num_hidden_layers":1000000000000,"num_attention_heads":1,"vocab_size":1}""",
        "sizes make no sense together"
    )]
    [InlineData("m.gguf", "no gguf at all, but long enough", "does not begin as a GGUF")]
    [InlineData("m.safetensors", "12345678{}", "which it cannot have")]
    [InlineData("m.onnx", "", "no graph")]
    public void What_cannot_be_read_is_named_with_the_reason(string name, string? content, string expected)
    {
        using var folder = new ModelFolder();
        string path = content is null ? Path.Combine(folder.Path, name) : folder.Add(name, content);
        Assert.Contains(expected, Assert.Throws<ModelFileException>(() => ModelReader.Read(path)).Message);
    }

    [Fact]
    public void A_weight_file_that_is_cut_off_is_refused()
    {
        using var folder = new ModelFolder();
        byte[] whole = ModelFiles.Safetensors(("a", "F32", 4, [1000]));
        string file = folder.Add("m.safetensors", whole[..^1]);
        Assert.Contains("cut off", Assert.Throws<ModelFileException>(() => ModelReader.Read(file)).Message);
    }

    [Theory]
    [InlineData(".safetensors")]
    [InlineData(".gguf")]
    [InlineData(".onnx")]
    public void Damaged_files_are_read_or_refused_but_never_worse(string kind)
    {
        byte[] whole = kind switch
        {
            ".safetensors" => ModelFiles.Safetensors(("a", "F16", 2, [30, 20]), ("b", "F32", 4, [7])),
            ".gguf" => ModelFiles.Gguf(),
            _ => ModelFiles.Onnx(),
        };
        using var folder = new ModelFolder();
        var damage = Gen.Choose(0, 200).Two().ArrayOf(4);
        foreach (var changes in damage.Sample(300, 300))
        {
            byte[] bytes = [.. whole];
            foreach ((int place, int value) in changes)
            {
                bytes[place % bytes.Length] = (byte)(value * 3);
            }
            string file = folder.Add(
                "m" + kind,
                bytes[..Math.Max(1, bytes.Length - (changes.Length > 0 ? changes[0].Item1 : 0) / 8)]
            );
            try
            {
                Assert.True(ModelReader.Read(file).Parameters >= 0);
            }
            catch (ModelFileException refused)
            {
                Assert.NotEmpty(refused.Message);
            }
        }
    }

    private static (long, long, long, long, long, long, long) Sizes(Architecture a) =>
        (a.Layers, a.Hidden, a.Heads, a.KeyValueHeads, a.HeadSize, a.Intermediate, a.Vocabulary);
}
