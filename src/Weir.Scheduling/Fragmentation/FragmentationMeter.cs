using Weir.Scheduling.Cluster;

namespace Weir.Scheduling.Fragmentation;

/// <summary>Fragmentation of a cluster, kept up to date by looking only at nodes that changed.</summary>
public sealed class FragmentationMeter
{
    private readonly ClusterState state;
    private readonly int[] usable;
    private readonly int[] free;
    private long position;
    private long usableSum;
    private long freeSum;

    /// <summary>Measures the cluster as it is.</summary>
    public FragmentationMeter(ClusterState state, UsableTable table)
    {
        this.state = state;
        Table = table;
        usable = new int[state.NodeCount];
        free = new int[state.NodeCount];
        for (int node = 0; node < state.NodeCount; node++)
        {
            Measure(node);
        }
        position = state.Changes.Position;
    }

    /// <summary>The typical tasks.</summary>
    public UsableTable Table { get; }

    /// <summary>Free compute that typical tasks can't use, thousandths of a device; an expectation over the typical tasks.</summary>
    public double FragmentMilli
    {
        get
        {
            Refresh();
            return Table.Weight == 0 ? 0 : freeSum - (double)usableSum / Table.Weight;
        }
    }

    /// <summary>What typical tasks could use of the node, times their number.</summary>
    public int Usable(int node)
    {
        Refresh();
        return usable[node];
    }

    private void Refresh()
    {
        ChangeLog changes = state.Changes;
        if (position == changes.Position)
        {
            return;
        }
        if (!changes.Reaches(position))
        {
            for (int node = 0; node < usable.Length; node++)
            {
                Measure(node);
            }
        }
        else
        {
            for (; position < changes.Position; position++)
            {
                int node = changes.At(position);
                if (node >= 0)
                {
                    Measure(node);
                }
            }
        }
        position = changes.Position;
    }

    private void Measure(int node)
    {
        int now = Table.OfNode(state.model[node], state.cpuFree[node], state.UsableFree(node), state.wholeFree[node]);
        usableSum += now - usable[node];
        freeSum += state.freeMilli[node] - free[node];
        usable[node] = now;
        free[node] = state.freeMilli[node];
    }
}
