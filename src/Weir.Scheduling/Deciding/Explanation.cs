namespace Weir.Scheduling.Deciding;

/// <summary>Why a claim waits, or where it went.</summary>
/// <param name="Claim">Its id.</param>
/// <param name="Phase">Where it stands.</param>
/// <param name="Summary">One sentence.</param>
/// <param name="Removed">Which filter removed how many nodes; a node counts for the first that removes it.</param>
/// <param name="Best">Nodes on which one of its tasks fits now, the best scores first, at most ten.</param>
/// <param name="Needs">What would let it start.</param>
/// <param name="Earliest">When a node is expected to have room for one task, seconds; NaN: not known.</param>
public sealed record Explanation(
    long Claim,
    ClaimPhase Phase,
    string Summary,
    IReadOnlyList<(string Filter, int Nodes)> Removed,
    IReadOnlyList<(string Node, int Score)> Best,
    IReadOnlyList<string> Needs,
    double Earliest
);
