using Weir.Scheduling.Cluster;

namespace Weir.Scheduling.Placement;

/// <summary>
/// Where a task goes: scores nodes, chooses devices. Bound to one cluster. A score may depend on nothing but the node's
/// own state and the shape, so that it needs to be computed again only when the node changes.
/// </summary>
public interface IPlacementPolicy
{
    /// <summary>The largest score allowed.</summary>
    const int MaxScore = ushort.MaxValue - 1;

    /// <summary>What happens between nodes of equal score.</summary>
    TieBreak Ties { get; }

    /// <summary>Score of a node on which the task fits, 0 … <see cref="MaxScore"/>; the highest wins.</summary>
    int Score(int node, in TaskShape shape);

    /// <summary>Bits of the node's devices for the task, which fits there.</summary>
    ulong ChooseDevices(int node, in TaskShape shape);
}

/// <summary>Who wins among nodes of equal score.</summary>
public enum TieBreak
{
    /// <summary>The first in the cluster's order.</summary>
    First,

    /// <summary>A random one.</summary>
    Random,
}
