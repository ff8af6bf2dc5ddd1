namespace Weir.Protocol.Rest;

/// <summary>What to fix, the largest saving first.</summary>
/// <param name="From">Beginning of the time looked at, Unix time in milliseconds.</param>
/// <param name="To">Its end.</param>
/// <param name="Currency">Of the savings; null: there is no price list.</param>
/// <param name="Findings">What was found.</param>
public sealed record AdviceView(long From, long To, string? Currency, IReadOnlyList<FindingView> Findings);

/// <summary>Something to fix.</summary>
/// <param name="Detector">Which detector found it.</param>
/// <param name="Subject">What it is about: a lease, a workload, a pool.</param>
/// <param name="Project">Whose; "" for the pool's.</param>
/// <param name="User">Whose.</param>
/// <param name="Evidence">What was measured.</param>
/// <param name="SavingUs">Device time that it would have freed, microseconds of whole devices.</param>
/// <param name="Saving">The same in money; null: unknown.</param>
/// <param name="Remedy">What to do.</param>
/// <param name="Command">The command that does it; null: there is none.</param>
/// <param name="Threshold">From where on it is found.</param>
/// <param name="Since">Since when it is so, Unix time in milliseconds.</param>
/// <param name="Step">What the policy has done about it: "found", "notified", "warned", "parked", "cancelled".</param>
public sealed record FindingView(
    string Detector,
    string Subject,
    string Project,
    string User,
    string Evidence,
    long SavingUs,
    decimal? Saving,
    string Remedy,
    string? Command,
    string Threshold,
    long Since,
    string Step
);

/// <summary>What follows from findings, by detector.</summary>
/// <param name="Webhook">Where findings are sent as JSON when they are notified of; null: nowhere.</param>
/// <param name="Actions">By detector; what is not named is only listed.</param>
/// <param name="Thresholds">Instead of the usual ones, by name, as <c>weir advise policy</c> shows them.</param>
public sealed record FindingPolicyView(
    string? Webhook,
    IReadOnlyDictionary<string, FindingActionView> Actions,
    IReadOnlyDictionary<string, double>? Thresholds = null
);

/// <summary>What follows, and how long after it was found; null: it does not.</summary>
/// <param name="NotifyAfterMs">Those who run the pool are told (event, webhook).</param>
/// <param name="WarnAfterMs">The owner is told (event of the lease).</param>
/// <param name="ParkAfterMs">The sessions of the lease are parked.</param>
/// <param name="CancelAfterMs">The lease is ended.</param>
public sealed record FindingActionView(
    long? NotifyAfterMs = null,
    long? WarnAfterMs = null,
    long? ParkAfterMs = null,
    long? CancelAfterMs = null
);
