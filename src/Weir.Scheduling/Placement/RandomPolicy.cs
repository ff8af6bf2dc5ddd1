using Weir.Scheduling.Cluster;

namespace Weir.Scheduling.Placement;

/// <summary>Any node on which the task fits, any devices.</summary>
internal sealed class RandomPolicy(ClusterState state, ulong seed) : IPlacementPolicy
{
    private readonly SeededRandom random = new(seed);

    public TieBreak Ties => TieBreak.Random;

    public int Score(int node, in TaskShape shape) => 0;

    public ulong ChooseDevices(int node, in TaskShape shape) => DeviceChoice.Random(state, node, shape, random);
}
