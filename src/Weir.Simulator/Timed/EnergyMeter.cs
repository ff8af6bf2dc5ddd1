using Weir.Scheduling.Cluster;

namespace Weir.Simulator.Timed;

/// <summary>Energy of a cluster's nodes: on while they have tasks and for a while after, else off.</summary>
internal sealed class EnergyMeter
{
    private readonly PowerModel power;
    private readonly double[] emptySince;

    public EnergyMeter(ClusterState cluster, PowerModel power)
    {
        this.power = power;
        emptySince = new double[cluster.NodeCount];
        Array.Fill(emptySince, double.NegativeInfinity);
    }

    /// <summary>Nodes that are on at the last look.</summary>
    public int NodesOn { get; private set; }

    /// <summary>What all nodes draw now, watts.</summary>
    public double Watts(ClusterState cluster, double now)
    {
        double watts = 0;
        NodesOn = 0;
        for (int node = 0; node < emptySince.Length; node++)
        {
            bool busy = cluster.Tasks(node) > 0;
            if (busy)
            {
                emptySince[node] = now;
            }
            if (!busy && now - emptySince[node] > power.OffAfterSeconds)
            {
                watts += power.OffWatts;
                continue;
            }
            int devices = cluster.DevicesFree(node).Length;
            double used = devices - cluster.FreeMilli(node) / 1000.0;
            watts +=
                power.NodeWatts
                + devices * power.IdleDeviceWatts
                + used * (power.BusyDeviceWatts - power.IdleDeviceWatts);
            NodesOn++;
        }
        return watts;
    }
}
