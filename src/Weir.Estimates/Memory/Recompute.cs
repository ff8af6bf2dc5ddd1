namespace Weir.Estimates.Memory;

/// <summary>What the forward pass keeps for the backward pass.</summary>
public enum Recompute
{
    /// <summary>Everything, also each head's scores of all pairs of tokens.</summary>
    None,

    /// <summary>All but the scores, as with fused (flash) attention.</summary>
    Attention,

    /// <summary>Only each layer's input.</summary>
    Full,
}
