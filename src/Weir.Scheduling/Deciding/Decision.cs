using Weir.Scheduling.Cluster;

namespace Weir.Scheduling.Deciding;

/// <summary>Something to be done; already in the books when it is returned.</summary>
/// <param name="Claim">Id of the claim.</param>
/// <param name="Reason">Why, for people.</param>
public abstract record Decision(long Claim, string Reason);

/// <summary>The claim's tasks get these places.</summary>
/// <param name="Claim">Id of the claim.</param>
/// <param name="Places">One place per task.</param>
/// <param name="Resumed">True when it was parked before.</param>
/// <param name="Reason">Why, for people.</param>
public sealed record StartDecision(long Claim, IReadOnlyList<PlacedTask> Places, bool Resumed, string Reason)
    : Decision(Claim, Reason);

/// <summary>The claim is parked and waits again.</summary>
/// <param name="Claim">Id of the claim.</param>
/// <param name="For">Id of the claim that gets its place.</param>
/// <param name="Reason">Why, for people.</param>
public sealed record ParkDecision(long Claim, long For, string Reason) : Decision(Claim, Reason);

/// <summary>One task of a running claim moves.</summary>
/// <param name="Claim">Id of the claim.</param>
/// <param name="Task">Which of its tasks.</param>
/// <param name="From">Where it is.</param>
/// <param name="To">Where it goes.</param>
/// <param name="Reason">Why, for people.</param>
public sealed record MoveDecision(long Claim, int Task, PlacedTask From, PlacedTask To, string Reason)
    : Decision(Claim, Reason);

/// <summary>The claim is given up: it waited longer than it wanted to, or can never fit.</summary>
/// <param name="Claim">Id of the claim.</param>
/// <param name="Reason">Why, for people.</param>
public sealed record RefuseDecision(long Claim, string Reason) : Decision(Claim, Reason);
