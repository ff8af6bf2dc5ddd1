namespace Weir.Metering.Findings;

/// <summary>Something to fix: what, whose, how one can tell, what it would free, and how.</summary>
/// <param name="Detector">Which detector found it; see <see cref="Detectors.Names"/>.</param>
/// <param name="Subject">What it is about: a lease, a workload, a pool.</param>
/// <param name="Project">Whose; "" for the pool's.</param>
/// <param name="User">Whose.</param>
/// <param name="Evidence">What was measured, for people.</param>
/// <param name="SavingUs">Device time that it would have freed in the time looked at, microseconds.</param>
/// <param name="Remedy">What to do, for people.</param>
/// <param name="Command">The command that does it; null: there is none.</param>
/// <param name="Threshold">From where on it is found, for people.</param>
/// <param name="Since">Since when it is so, Unix time in milliseconds.</param>
public sealed record Finding(
    string Detector,
    string Subject,
    string Project,
    string User,
    string Evidence,
    long SavingUs,
    string Remedy,
    string? Command,
    string Threshold,
    long Since
)
{
    /// <summary>The same thing found again has the same key.</summary>
    public string Key => $"{Detector}:{Subject}";
}
