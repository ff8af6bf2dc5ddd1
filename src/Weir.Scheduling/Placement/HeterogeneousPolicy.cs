using Weir.Scheduling.Cluster;

namespace Weir.Scheduling.Placement;

/// <summary>The model on which the task's kind of work is cheapest (or fastest), then as another policy says.</summary>
internal sealed class HeterogeneousPolicy : IPlacementPolicy
{
    // The other policy's scores decide among nodes of equal rank.
    private const int ScoresPerRank = 1000;

    private readonly ClusterState state;
    private readonly IPlacementPolicy usual;
    private readonly Func<int, int, double> badness;

    public HeterogeneousPolicy(PlacementContext context, IPlacementPolicy usual, bool fastest)
    {
        state = context.State;
        this.usual = usual;
        SpeedTable? speeds = context.Speeds;
        badness =
            speeds is null ? (_, _) => 0
            : fastest ? (kind, model) => 1 / speeds.Speed(kind, model)
            : speeds.CostOfWork;
    }

    public TieBreak Ties => TieBreak.First;

    public int Score(int node, in TaskShape shape)
    {
        int better = 0;
        if (shape.Devices > 0)
        {
            double mine = badness(shape.Kind, state.model[node]);
            for (int model = 0; model < state.Models.Count; model++)
            {
                better += badness(shape.Kind, model) < mine ? 1 : 0;
            }
        }
        // The usual score's range is 0 … MaxScore; its finest differences are given up.
        int fine = usual.Score(node, shape) * (ScoresPerRank - 1) / IPlacementPolicy.MaxScore;
        return (64 - better) * ScoresPerRank + fine;
    }

    public ulong ChooseDevices(int node, in TaskShape shape) => usual.ChooseDevices(node, shape);
}
