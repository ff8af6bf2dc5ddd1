namespace Weir.Estimates;

/// <summary>Sizes of a decoder or encoder made of transformer layers.</summary>
public sealed record Architecture
{
    /// <summary>Layers.</summary>
    public required long Layers { get; init; }

    /// <summary>Width of a token between layers, elements.</summary>
    public required long Hidden { get; init; }

    /// <summary>Heads that ask.</summary>
    public required long Heads { get; init; }

    /// <summary>Heads that are kept for each token; fewer than <see cref="Heads"/> where heads share them.</summary>
    public required long KeyValueHeads { get; init; }

    /// <summary>Elements per head.</summary>
    public required long HeadSize { get; init; }

    /// <summary>Width inside a layer's feed-forward part (of one expert), elements.</summary>
    public required long Intermediate { get; init; }

    /// <summary>Tokens known.</summary>
    public required long Vocabulary { get; init; }

    /// <summary>Learned positions (0 where positions are computed).</summary>
    public long Positions { get; init; }

    /// <summary>Longest context, tokens (0 when not said).</summary>
    public long Context { get; init; }

    /// <summary>The feed-forward part has three matrices instead of two.</summary>
    public bool IsGated { get; init; }

    /// <summary>The matrix of the outputs is that of the inputs.</summary>
    public bool SharesEmbeddings { get; init; }

    /// <summary>Feed-forward parts per layer, of which a token uses some; 1 = no mixture.</summary>
    public long Experts { get; init; } = 1;

    /// <summary>Elements of the matrices that turn a token into questions, keys, values and back, per layer.</summary>
    public long AttentionParameters => 2 * Hidden * Heads * HeadSize + 2 * Hidden * KeyValueHeads * HeadSize;

    /// <summary>Elements of the feed-forward matrices, all experts and their router, per layer.</summary>
    public long FeedForwardParameters =>
        Experts * (IsGated ? 3 : 2) * Hidden * Intermediate + (Experts > 1 ? Hidden * Experts : 0);

    /// <summary>Number of parameters that follow from the sizes: matrices, embeddings and norms, without biases.</summary>
    /// <exception cref="OverflowException">The sizes are senseless.</exception>
    public long CountParameters() =>
        checked(
            Vocabulary * Hidden * (SharesEmbeddings ? 1 : 2)
            + Positions * Hidden
            + Layers * (AttentionParameters + FeedForwardParameters + 2 * Hidden)
            + Hidden
        );
}
