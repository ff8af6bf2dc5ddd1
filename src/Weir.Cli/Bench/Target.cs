namespace Weir.Cli.Bench;

/// <summary>How a figure is judged.</summary>
internal enum TargetKind
{
    /// <summary>Value ÷ yardstick is at most the bound.</summary>
    RatioAtMost,

    /// <summary>Value ÷ yardstick is at least the bound.</summary>
    RatioAtLeast,

    /// <summary>Both are times: yardstick ÷ value is at least the bound.</summary>
    SpeedupAtLeast,

    /// <summary>Value − yardstick is at most the bound.</summary>
    DifferenceAtMost,

    /// <summary>The value itself is at most the bound.</summary>
    AtMost,

    /// <summary>Shown for comparison only.</summary>
    None,
}

/// <summary>What is to be reached.</summary>
/// <param name="Kind">How it is judged.</param>
/// <param name="Bound">The bound, a ratio or in the figure's unit.</param>
internal sealed record Target(TargetKind Kind, double Bound)
{
    /// <summary>A figure without a target.</summary>
    public static Target None { get; } = new(TargetKind.None, double.PositiveInfinity);

    /// <summary>As a person reads it.</summary>
    public string Describe(string unit) =>
        Kind switch
        {
            TargetKind.RatioAtMost => $"≤ {Bound:0.##}×",
            TargetKind.RatioAtLeast or TargetKind.SpeedupAtLeast => $"≥ {Bound:0.##}×",
            TargetKind.DifferenceAtMost => $"≤ +{Bound:0.##} {unit}",
            TargetKind.AtMost => $"≤ {Bound:0.##} {unit}",
            _ => "",
        };
}
