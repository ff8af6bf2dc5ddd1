namespace Weir.Estimates.Memory;

/// <summary>What is to be estimated.</summary>
public sealed record EstimateRequest
{
    /// <summary>What is done.</summary>
    public required ModelTask Task { get; init; }

    /// <summary>Sequences at a time, per device.</summary>
    public long Batch { get; init; } = 1;

    /// <summary>Tokens per sequence.</summary>
    public long Context { get; init; } = 2048;

    /// <summary>Bytes per parameter while computing; null = as stored.</summary>
    public int? ParameterBytes { get; init; }

    /// <summary>Bytes per element that is kept of past tokens; null = 2, or the parameters' width when that is more.</summary>
    public int? CacheBytes { get; init; }

    /// <summary>Training: who changes the parameters.</summary>
    public OptimizerKind Optimizer { get; init; } = OptimizerKind.Adam;

    /// <summary>Training: what is kept for the backward pass.</summary>
    public Recompute Recompute { get; init; } = Recompute.Attention;

    /// <summary>Fine-tuning: rank of the matrices that are learned.</summary>
    public long LoraRank { get; init; } = 16;

    /// <summary>Devices that work on it together.</summary>
    public int Devices { get; init; } = 1;

    /// <summary>Training: what the devices divide among them: 0 nothing, 1 the optimizer's numbers, 2 also gradients, 3 also parameters.</summary>
    public int ZeroStage { get; init; }

    /// <summary>Bytes that a process has on the device before it has done anything.</summary>
    public long ContextBytes { get; init; } = 600L << 20;

    /// <summary>What allocators lose, as a part of all the rest.</summary>
    public double Slack { get; init; } = 0.1;
}
