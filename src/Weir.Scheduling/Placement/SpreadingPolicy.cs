using Weir.Scheduling.Cluster;
using Weir.Scheduling.Fragmentation;

namespace Weir.Scheduling.Placement;

/// <summary>
/// Puts a fraction alone on a free device of a node that keeps enough processors for what may join it later;
/// score 0 where that can't be. Used by <see cref="RepackingPlacer"/>.
/// </summary>
internal sealed class SpreadingPolicy : IPlacementPolicy
{
    // Processors kept per free device, as a multiple of what typical tasks ask; found by trial on openb.
    private const double CpuMargin = 1.15;

    private readonly ClusterState state;
    private readonly IPlacementPolicy usual;
    private readonly double cpuPerDevice;

    public SpreadingPolicy(ClusterState state, IPlacementPolicy usual, IReadOnlyList<TypicalTask> typical)
    {
        this.state = state;
        this.usual = usual;
        double cpu = 0;
        double milli = 0;
        foreach (TypicalTask task in typical)
        {
            cpu += task.Shape.Devices > 0 ? (double)task.Count * task.Shape.CpuMilli : 0;
            milli += (double)task.Count * task.Shape.TotalMilli;
        }
        cpuPerDevice = milli > 0 ? cpu / milli * CpuMargin : 0;
    }

    public TieBreak Ties => TieBreak.First;

    public int Score(int node, in TaskShape shape)
    {
        int whole = state.wholeFree[node];
        int cpuAfter = state.cpuFree[node] - shape.CpuMilli;
        int milliAfter = state.freeMilli[node] - shape.TotalMilli;
        if (whole == 0 || cpuAfter < cpuPerDevice * milliAfter)
        {
            return 0;
        }
        bool touched = whole < state.DevicesFree(node).Length;
        return 10_000 + usual.Score(node, shape) / 4 + (touched ? 20_000 : 0) - whole * 100;
    }

    public ulong ChooseDevices(int node, in TaskShape shape)
    {
        int free = state.UsableFree(node).IndexOf(TaskShape.WholeDevice);
        return free >= 0 && state.FitsDevice(node, free, shape) ? 1UL << free : usual.ChooseDevices(node, shape);
    }
}
