namespace Weir.Estimates.Memory;

/// <summary>Who changes the parameters, and what it keeps for each of them.</summary>
public enum OptimizerKind
{
    /// <summary>Two numbers of 32 bits.</summary>
    Adam,

    /// <summary>Two numbers of 8 bits.</summary>
    Adam8Bit,

    /// <summary>One number of 32 bits.</summary>
    Momentum,

    /// <summary>Nothing.</summary>
    Sgd,
}
