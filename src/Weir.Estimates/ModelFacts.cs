namespace Weir.Estimates;

/// <summary>What is known of a model before anything has run.</summary>
/// <param name="Source">What it was read from, for people.</param>
/// <param name="Parameters">Number of parameters.</param>
/// <param name="WeightBytes">Bytes of the weights as they are stored, or null when only a configuration is known.</param>
/// <param name="Architecture">The transformer's sizes, or null when the files do not tell them.</param>
/// <param name="Notes">What a reader should know about how this was found.</param>
public sealed record ModelFacts(
    string Source,
    long Parameters,
    long? WeightBytes,
    Architecture? Architecture,
    IReadOnlyList<string> Notes
);
