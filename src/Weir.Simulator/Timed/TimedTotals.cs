using Weir.Scheduling.Cluster;
using Weir.Scheduling.Fragmentation;

namespace Weir.Simulator.Timed;

/// <summary>Sums over a replay in time.</summary>
internal sealed class TimedTotals(int projects)
{
    // Power is looked at no more often than this; it needs a walk over all nodes.
    private const double PowerSeconds = 60;

    private readonly double[] served = new double[projects];
    private readonly double[] stay = new double[projects];
    private readonly List<(double, double, int, int)> series = [];
    private double begin;
    private double end;
    private double last;
    private double used;
    private double fragment;
    private double joules;
    private double poweredUntil;
    private long capacity = 1;

    public int Preemptions { get; set; }

    public int Moves { get; set; }

    public int Lost { get; set; }

    public int Refused { get; set; }

    public void Begin(double first, double lastSubmission)
    {
        (begin, end) = (first, Math.Max(first + 1, lastSubmission));
        last = first;
        poweredUntil = first;
    }

    /// <summary>The cluster was as it is now since the last call.</summary>
    public void Advance(double now, ClusterState cluster, FragmentationMeter meter, EnergyMeter energy)
    {
        double until = Math.Min(now, end);
        if (until > last)
        {
            capacity = cluster.CapacityMilli;
            used += cluster.UsedMilli * (until - last);
            fragment += meter.FragmentMilli * (until - last);
            if (until - poweredUntil >= PowerSeconds)
            {
                joules += energy.Watts(cluster, until) * (until - poweredUntil);
                poweredUntil = until;
            }
            last = until;
        }
    }

    public void Sample(double now, ClusterState cluster, int waiting, EnergyMeter energy)
    {
        energy.Watts(cluster, now);
        series.Add(
            (
                (now - begin) / 3600,
                100.0 * cluster.UsedMilli / Math.Max(1, cluster.CapacityMilli),
                waiting,
                energy.NodesOn
            )
        );
    }

    /// <summary>A claim of the project was finished.</summary>
    public void Served(int project, Job job)
    {
        double work = job.Task.Duration * Math.Max(job.Devices, 0.01);
        served[project] += work;
        stay[project] += work * (job.Ended - job.Task.Submitted) / Math.Max(job.Task.Duration, 10);
    }

    public TimedResult Result(Scenario scenario, IEnumerable<Job> jobs, List<double> rounds)
    {
        List<double> waits = [];
        double slowdown = 0;
        int finished = 0;
        int submitted = 0;
        foreach (Job job in jobs)
        {
            submitted++;
            if (!double.IsNaN(job.Ended))
            {
                finished++;
                waits.Add(job.FirstStart - job.Task.Submitted);
                slowdown += Math.Max(1, (job.Ended - job.Task.Submitted) / Math.Max(10, job.Task.Duration));
            }
        }
        double[] sorted = [.. waits.Order()];
        rounds.Sort();
        double span = Math.Max(1, last - begin);
        return new TimedResult(scenario.Trace.Name, scenario.Policy.Placement, scenario.Seed)
        {
            Submitted = submitted,
            Finished = finished,
            Refused = Refused,
            Allocation = 100 * used / span / capacity,
            Fragment = 100 * fragment / span / capacity,
            MeanWait = sorted.Length > 0 ? sorted.Average() : 0,
            MedianWait = Quantile(sorted, 0.5),
            P99Wait = Quantile(sorted, 0.99),
            Slowdown = finished > 0 ? slowdown / finished : 0,
            Fairness = Jain(),
            Preemptions = Preemptions,
            Moves = Moves,
            LostByFailure = Lost,
            EnergyKwh = joules / 3.6e6,
            MeanRoundSeconds = rounds.Count > 0 ? rounds.Average() : 0,
            P99RoundSeconds = Quantile([.. rounds], 0.99),
            Series = [.. series],
            Waits = sorted,
        };
    }

    // Of the projects' mean speed: finished work over its time in the system.
    private double Jain()
    {
        double sum = 0;
        double squares = 0;
        int count = 0;
        for (int project = 0; project < projects; project++)
        {
            if (served[project] > 0)
            {
                double speed = served[project] / stay[project];
                sum += speed;
                squares += speed * speed;
                count++;
            }
        }
        return count > 0 ? sum * sum / (count * squares) : 1;
    }

    private static double Quantile(double[] sorted, double share) =>
        sorted.Length == 0 ? 0 : sorted[Math.Min(sorted.Length - 1, (int)(share * sorted.Length))];
}
