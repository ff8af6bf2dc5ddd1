namespace Weir.Estimates.Memory;

/// <summary>
/// How much device memory a model needs. Sources: parameters, gradients and optimizer by their widths (mixed precision keeps a
/// 32-bit copy); activations L·s·b·h·(34 + 5·a·s/h) bytes in 16 bits, arXiv 2205.05198; inference keeps 2·L·heads·size·s·b elements.
/// </summary>
public static class MemoryEstimator
{
    // Bytes per token and unit of width that a layer keeps, in 16 bits: inputs, questions, keys, values, both parts' middles.
    private const double KeptPerUnit = 34;

    /// <summary>Estimates.</summary>
    /// <exception cref="ArgumentException">The request makes no sense; the message says why.</exception>
    public static MemoryEstimate Estimate(ModelFacts model, EstimateRequest request)
    {
        Check(model, request);
        List<string> notes = [.. model.Notes];
        double width = request.ParameterBytes ?? (double)(model.WeightBytes ?? model.Parameters * 2) / model.Parameters;
        if (request.ParameterBytes is null && model.WeightBytes is null)
        {
            notes.Add("the configuration does not say how wide parameters are: 2 bytes assumed");
        }
        if (request.Task != ModelTask.Infer && width < 2)
        {
            if (request.Task == ModelTask.Train)
            {
                notes.Add("stored in less than 16 bits; training computes in 16");
                width = 2;
            }
            else
            {
                notes.Add("parameters stay in the width that they are stored in (as QLoRA does)");
            }
        }
        List<MemoryPart> parts = request.Task switch
        {
            ModelTask.Infer => Inference(model, request, width),
            ModelTask.Train => Training(model, request, width),
            _ => Finetuning(model, request, width),
        };
        if (request.Task != ModelTask.Infer && model.Architecture is { } known)
        {
            parts.Add(new("activations", Activations(known, request)));
            // Scores of all tokens and their gradient, in 32 bits.
            parts.Add(new("outputs", Whole(8.0 * request.Batch * request.Context * known.Vocabulary)));
        }
        long slack = Whole(parts.Sum(part => (double)part.Bytes) * request.Slack);
        parts.Add(new("lost by allocators", slack));
        parts.Add(new("the process's context", request.ContextBytes));
        if (model.Architecture is { Context: > 0 } limits && request.Context > limits.Context)
        {
            notes.Add($"the model is made for {limits.Context} tokens; {request.Context} were asked for");
        }
        double total = parts.Sum(part => (double)part.Bytes);
        return new MemoryEstimate(parts, Whole(total), Operations(model, request), notes);
    }

    private static void Check(ModelFacts model, EstimateRequest request)
    {
        Require(model.Parameters > 0, "the model has no parameters");
        Require(request.Batch is > 0 and <= 1 << 24, "--batch must be between 1 and 16777216");
        Require(request.Context is > 0 and <= 1L << 32, "--context must be at least 1 token");
        Require(request.Devices is > 0 and <= 1 << 16, "--devices must be between 1 and 65536");
        Require(request.ZeroStage is >= 0 and <= 3, "--zero must be 0, 1, 2 or 3");
        Require(request.LoraRank is > 0 and <= 1 << 16, "--lora-rank must be between 1 and 65536");
        Require(request.Slack is >= 0 and <= 10, "the slack must be between 0 and 10");

        static void Require(bool holds, string otherwise)
        {
            if (!holds)
            {
                throw new ArgumentException(otherwise);
            }
        }
    }

    private static List<MemoryPart> Inference(ModelFacts model, EstimateRequest request, double width)
    {
        List<MemoryPart> parts = [new("parameters", Whole(model.Parameters * width / request.Devices))];
        if (model.Architecture is { } a)
        {
            double element = request.CacheBytes ?? Math.Max(2, Math.Ceiling(Math.Min(width, 4)));
            double tokens = (double)request.Batch * request.Context;
            parts.Add(
                new(
                    "past tokens",
                    Whole(2.0 * a.Layers * a.KeyValueHeads * a.HeadSize * tokens * element / request.Devices)
                )
            );
            // Reading the prompt: a layer's input, its middle twice and its result; then the last token's scores.
            parts.Add(
                new(
                    "work space",
                    Whole(tokens * (2 * a.Hidden + 2 * a.Intermediate) * 2 + 4.0 * request.Batch * a.Vocabulary)
                )
            );
        }
        return parts;
    }

    private static List<MemoryPart> Training(ModelFacts model, EstimateRequest request, double width)
    {
        double count = model.Parameters;
        bool isMixed = width < 4;
        double gradient = isMixed ? 2 : 4;
        double state =
            (isMixed ? 4 : 0)
            + request.Optimizer switch
            {
                OptimizerKind.Adam => 8,
                OptimizerKind.Adam8Bit => 2,
                OptimizerKind.Momentum => 4,
                _ => 0,
            };
        return
        [
            new("parameters", Whole(count * width / Divided(request, 3))),
            new("gradients", Whole(count * gradient / Divided(request, 2))),
            new("optimizer", Whole(count * state / Divided(request, 1))),
        ];
    }

    private static List<MemoryPart> Finetuning(ModelFacts model, EstimateRequest request, double width)
    {
        double learned = model.Architecture is { } a
            ? LearnedByLora(a, request.LoraRank)
            // Without the layers' sizes: about what rank 16 adds to most models.
            : model.Parameters * 0.005 * request.LoraRank / 16;
        // Learned ones in 32 bits, their gradients and both numbers of Adam.
        return
        [
            new("parameters", Whole(model.Parameters * width / Divided(request, 3))),
            new("learned beside them", Whole(learned * 16 / Divided(request, 1))),
        ];
    }

    private static double LearnedByLora(Architecture a, long rank)
    {
        double heads = a.Heads * a.HeadSize;
        double shared = a.KeyValueHeads * a.HeadSize;
        double attention = 2 * (a.Hidden + heads) + 2 * (a.Hidden + shared);
        double forward = a.Experts * (a.IsGated ? 3.0 : 2.0) * (a.Hidden + a.Intermediate);
        return a.Layers * rank * (attention + forward);
    }

    private static long Activations(Architecture a, EstimateRequest request)
    {
        double perLayer = (double)request.Context * request.Batch * a.Hidden;
        double scores = 5.0 * a.Heads * request.Context / a.Hidden;
        // A computation in 32 bits keeps twice as much.
        double wide = request.ParameterBytes is >= 4 ? 2 : 1;
        return Whole(
            wide
                * request.Recompute switch
                {
                    Recompute.None => a.Layers * perLayer * (KeptPerUnit + scores),
                    Recompute.Attention => a.Layers * perLayer * KeptPerUnit,
                    // The inputs of all layers, and one layer's inside at a time.
                    _ => a.Layers * perLayer * 2 + perLayer * KeptPerUnit,
                }
        );
    }

    private static double Operations(ModelFacts model, EstimateRequest request)
    {
        double used = model.Parameters;
        if (model.Architecture is { Experts: > 1 } a)
        {
            // Of a mixture a token uses about two parts.
            double parts = a.Layers * (double)a.FeedForwardParameters;
            used -= Math.Max(0, parts - parts * 2 / a.Experts);
        }
        double tokens = request.Task == ModelTask.Infer ? request.Batch : (double)request.Batch * request.Context;
        double passes = request.Task switch
        {
            ModelTask.Train => request.Recompute == Recompute.Full ? 8 : 6,
            // The parameters' own gradients are not computed.
            ModelTask.Finetune => request.Recompute == Recompute.Full ? 6 : 4,
            _ => 2,
        };
        return passes * used * tokens * (request.Task == ModelTask.Infer ? 1 : request.Devices);
    }

    private static double Divided(EstimateRequest request, int stage) =>
        request.ZeroStage >= stage ? request.Devices : 1;

    private static long Whole(double bytes) =>
        bytes < long.MaxValue / 16.0
            ? (long)Math.Ceiling(bytes)
            : throw new ArgumentException("the sum is beyond any memory: batch and context are too large");
}
