namespace Weir.Cli.Bench;

/// <summary>One line of the result: a measured value beside its yardstick, and what was aimed for.</summary>
/// <param name="Section">The part of the benchmark it belongs to.</param>
/// <param name="Name">What was measured.</param>
/// <param name="Value">The value, in <paramref name="Unit"/>.</param>
/// <param name="Unit">Unit of value and yardstick.</param>
/// <param name="Yardstick">What it is compared with, in words; empty when the target is absolute.</param>
/// <param name="YardstickValue">Its value, measured in the same run; null when the target is absolute.</param>
/// <param name="Target">What is to be reached.</param>
internal sealed record Figure(
    string Section,
    string Name,
    double Value,
    string Unit,
    string Yardstick,
    double? YardstickValue,
    Target Target
)
{
    /// <summary>
    /// The number that the target judges: a ratio, a difference, or the value itself.
    /// </summary>
    public double Judged =>
        Target.Kind switch
        {
            TargetKind.RatioAtMost or TargetKind.RatioAtLeast => Value / YardstickValue!.Value,
            TargetKind.SpeedupAtLeast => YardstickValue!.Value / Value,
            TargetKind.DifferenceAtMost => Value - YardstickValue!.Value,
            _ => Value,
        };

    /// <summary>True when the target is reached.</summary>
    public bool Reached =>
        Target.Kind is TargetKind.RatioAtLeast or TargetKind.SpeedupAtLeast
            ? Judged >= Target.Bound
            : Judged <= Target.Bound;
}
