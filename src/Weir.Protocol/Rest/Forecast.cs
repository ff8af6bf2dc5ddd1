namespace Weir.Protocol.Rest;

/// <summary>What will be asked for, in whole devices.</summary>
/// <param name="Project">Of which project; null: of all.</param>
/// <param name="StepMs">Length of a step, milliseconds.</param>
/// <param name="From">When the first step of <paramref name="Points"/> begins, Unix time in milliseconds.</param>
/// <param name="History">What was asked for in the steps before, the oldest first.</param>
/// <param name="Points">What is expected.</param>
/// <param name="Capacity">Devices that there are now.</param>
/// <param name="RunsOutAt">When more is expected to be asked for than there is; null: not in this time.</param>
/// <param name="MayRunOutAt">When that happens in one of ten cases.</param>
/// <param name="More">Devices that are added in the question.</param>
/// <param name="WithMoreRunsOutAt">When it runs out with these; null: not in this time.</param>
/// <param name="WithMoreMayRunOutAt">The same in one of ten cases.</param>
/// <param name="Notes">How it was made, and what to know when reading it.</param>
public sealed record ForecastView(
    string? Project,
    long StepMs,
    long From,
    IReadOnlyList<double> History,
    IReadOnlyList<ForecastPointView> Points,
    double Capacity,
    long? RunsOutAt,
    long? MayRunOutAt,
    int More,
    long? WithMoreRunsOutAt,
    long? WithMoreMayRunOutAt,
    IReadOnlyList<string> Notes
);

/// <summary>What is expected of a step: in one of ten cases less than Low, in one of ten more than High.</summary>
public sealed record ForecastPointView(double Low, double Expected, double High);
