using Weir.Estimates.Memory;

namespace Weir.Estimates.Tests;

/// <summary>The sum and its parts, against worked examples.</summary>
public class MemoryEstimatorTests
{
    // A billion parameters in 16 bits: 20 layers of width 2048, 16 heads of 128.
    private static readonly ModelFacts s_model = new(
        "example",
        1_000_000_000,
        2_000_000_000,
        new Architecture
        {
            Layers = 20,
            Hidden = 2048,
            Heads = 16,
            KeyValueHeads = 4,
            HeadSize = 128,
            Intermediate = 8192,
            Vocabulary = 32_000,
            Context = 4096,
            IsGated = true,
        },
        []
    );

    [Fact]
    public void Parts_add_up() =>
        Assert.All(
            Enum.GetValues<ModelTask>(),
            task =>
            {
                MemoryEstimate estimate = Estimate(new() { Task = task });
                Assert.Equal(estimate.Bytes, estimate.Parts.Sum(part => part.Bytes));
            }
        );

    [Fact]
    public void Training_with_adam_in_mixed_precision_takes_sixteen_bytes_per_parameter()
    {
        MemoryEstimate estimate = Estimate(new() { Task = ModelTask.Train });
        Assert.Equal(2_000_000_000, Part(estimate, "parameters"));
        Assert.Equal(2_000_000_000, Part(estimate, "gradients"));
        Assert.Equal(12_000_000_000, Part(estimate, "optimizer"));
    }

    [Theory]
    [InlineData(OptimizerKind.Adam, 8_000_000_000)]
    [InlineData(OptimizerKind.Momentum, 4_000_000_000)]
    [InlineData(OptimizerKind.Sgd, 0)]
    public void In_full_precision_there_is_no_second_copy(OptimizerKind optimizer, long expected)
    {
        MemoryEstimate estimate = Estimate(
            new()
            {
                Task = ModelTask.Train,
                ParameterBytes = 4,
                Optimizer = optimizer,
            }
        );
        Assert.Equal(4_000_000_000, Part(estimate, "parameters"));
        Assert.Equal(4_000_000_000, Part(estimate, "gradients"));
        Assert.Equal(expected, Part(estimate, "optimizer"));
    }

    [Theory]
    [InlineData(1, 2_000_000_000, 2_000_000_000, 3_000_000_000)]
    [InlineData(2, 2_000_000_000, 500_000_000, 3_000_000_000)]
    [InlineData(3, 500_000_000, 500_000_000, 3_000_000_000)]
    public void Devices_divide_what_the_stage_says(int stage, long parameters, long gradients, long optimizer)
    {
        MemoryEstimate estimate = Estimate(
            new()
            {
                Task = ModelTask.Train,
                Devices = 4,
                ZeroStage = stage,
            }
        );
        Assert.Equal(parameters, Part(estimate, "parameters"));
        Assert.Equal(gradients, Part(estimate, "gradients"));
        Assert.Equal(optimizer, Part(estimate, "optimizer"));
    }

    [Fact]
    public void Activations_are_those_of_the_paper()
    {
        // 20 layers x 1024 tokens x 2 sequences x 2048 wide.
        const double unit = 20.0 * 1024 * 2 * 2048;
        Assert.Equal((long)(unit * 34), Activations(Recompute.Attention));
        Assert.Equal((long)(unit * (34 + 5.0 * 16 * 1024 / 2048)), Activations(Recompute.None));
        Assert.Equal((long)(unit * 2 + 34.0 * 1024 * 2 * 2048), Activations(Recompute.Full));

        static long Activations(Recompute recompute) =>
            Part(
                Estimate(
                    new()
                    {
                        Task = ModelTask.Train,
                        Batch = 2,
                        Context = 1024,
                        Recompute = recompute,
                    }
                ),
                "activations"
            );
    }

    [Fact]
    public void Past_tokens_are_kept_for_the_heads_that_are_shared()
    {
        MemoryEstimate estimate = Estimate(
            new()
            {
                Task = ModelTask.Infer,
                Batch = 8,
                Context = 4096,
            }
        );
        Assert.Equal(2L * 20 * 4 * 128 * 8 * 4096 * 2, Part(estimate, "past tokens"));
        Assert.Equal(2_000_000_000, Part(estimate, "parameters"));
        Assert.Equal(2.0 * 1_000_000_000 * 8, estimate.StepOperations);
    }

    [Fact]
    public void Fine_tuning_learns_little_and_keeps_the_rest()
    {
        MemoryEstimate estimate = Estimate(new() { Task = ModelTask.Finetune, LoraRank = 8 });
        // Per layer: questions and results 2 x (2048 + 2048), keys and values 2 x (2048 + 512), three of 2048 + 8192.
        long learned = 20 * 8 * (2 * 4096 + 2 * 2560 + 3 * 10_240);
        Assert.Equal(learned * 16, Part(estimate, "learned beside them"));
        Assert.Equal(2_000_000_000, Part(estimate, "parameters"));
    }

    [Fact]
    public void Without_sizes_of_layers_the_sum_says_what_it_lacks()
    {
        ModelFacts unknown = s_model with { Architecture = null, Notes = ["not in the sum"] };
        MemoryEstimate estimate = MemoryEstimator.Estimate(unknown, new() { Task = ModelTask.Train });
        Assert.DoesNotContain(estimate.Parts, part => part.Name == "activations");
        Assert.Contains("not in the sum", estimate.Notes);
    }

    [Fact]
    public void A_context_beyond_the_model_s_own_is_noted() =>
        Assert.Contains(
            Estimate(new() { Task = ModelTask.Infer, Context = 9000 }).Notes,
            note => note.Contains("made for 4096 tokens")
        );

    [Theory]
    [InlineData(0, 2048, 1, 0, "--batch")]
    [InlineData(1, 0, 1, 0, "--context")]
    [InlineData(1, 2048, 0, 0, "--devices")]
    [InlineData(1, 2048, 1, 4, "--zero")]
    [InlineData(1 << 24, 1L << 32, 1, 0, "beyond any memory")]
    public void Senseless_requests_are_refused_with_the_option_to_change(
        long batch,
        long context,
        int devices,
        int stage,
        string expected
    ) =>
        Assert.Contains(
            expected,
            Assert
                .Throws<ArgumentException>(() =>
                    Estimate(
                        new()
                        {
                            Task = ModelTask.Train,
                            Batch = batch,
                            Context = context,
                            Devices = devices,
                            ZeroStage = stage,
                        }
                    )
                )
                .Message
        );

    private static MemoryEstimate Estimate(EstimateRequest request) => MemoryEstimator.Estimate(s_model, request);

    private static long Part(MemoryEstimate estimate, string name) =>
        Assert.Single(estimate.Parts, part => part.Name == name).Bytes;
}
