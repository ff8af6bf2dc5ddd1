using Weir.Controller.Placement;

namespace Weir.Controller.Leases;

/// <summary>A claim with all defaults filled in and all caps applied.</summary>
/// <param name="Demand">What is to be placed.</param>
/// <param name="Project">Who pays.</param>
/// <param name="User">Who claims.</param>
/// <param name="Pool">Where.</param>
/// <param name="Priority">Higher goes first.</param>
/// <param name="GraceMs">How long the holder may be away.</param>
/// <param name="LifeMs">Longest life; null: with its holder.</param>
/// <param name="Boot">The claimant's machine.</param>
/// <param name="Program">For people.</param>
/// <param name="Workload">The workload that it is for.</param>
internal sealed record ResolvedClaim(
    Demand Demand,
    string Project,
    string User,
    string Pool,
    int Priority,
    int GraceMs,
    long? LifeMs,
    string? Boot,
    string? Program,
    string? Workload
)
{
    /// <summary>Sessions that made no call for so long are parked; 0: never.</summary>
    public int IdleReleaseMs { get; init; }
}
