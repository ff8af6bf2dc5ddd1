using Weir.Scheduling;
using Weir.Scheduling.Cluster;
using Weir.Simulator.Traces;

namespace Weir.Simulator.Timed;

/// <summary>
/// A seeded generator of jobs with the daily and weekly pattern and the mix that the Helios paper describes (Hu et al.,
/// SC 2021): most jobs take one device and minutes, a few large ones take most of the time; few come at night, there is
/// a dip at noon and at dinner, and less at weekends. All devices are whole. The shape of the mix is the paper's, its
/// numbers here are rounded.
/// </summary>
public static class DailyLoad
{
    private static readonly double[] HourWeights =
    [
        .55,
        .4,
        .3,
        .25,
        .25,
        .3,
        .4,
        .6,
        .9,
        1.25,
        1.5,
        1.4,
        1.0,
        1.2,
        1.5,
        1.6,
        1.6,
        1.4,
        1.05,
        1.25,
        1.4,
        1.3,
        1.05,
        .75,
    ];

    // Devices of a job, how often, and how its duration relates to that of a job of one device.
    private static readonly (int Devices, double Share, double Longer)[] Sizes =
    [
        (1, 0.62, 1),
        (2, 0.11, 1.5),
        (4, 0.10, 2),
        (8, 0.13, 3),
        (16, 0.025, 3.5),
        (32, 0.01, 4),
        (64, 0.005, 4),
    ];

    private const double MedianSeconds = 200;
    private const double Sigma = 2.0;
    private const int Projects = 12;

    /// <summary>Generates jobs and a cluster on which they make the load.</summary>
    /// <param name="days">Days, from a Monday's midnight.</param>
    /// <param name="jobsPerDay">Jobs on a mean working day.</param>
    /// <param name="load">Work asked for over what the cluster can do.</param>
    /// <param name="seed">Equal seeds, equal jobs.</param>
    /// <exception cref="ArgumentException">A number makes no sense.</exception>
    public static Trace Generate(int days, int jobsPerDay, double load, ulong seed)
    {
        if (days is < 1 or > 3660 || jobsPerDay is < 1 or > 10_000_000 || !(load > 0) || double.IsInfinity(load))
        {
            throw new ArgumentException(
                $"{days} days of {jobsPerDay} jobs at load {load}: 1 to 3660 days, 1 to 10000000 jobs and a load above 0 make sense"
            );
        }
        var random = new SeededRandom(seed);
        List<TraceTask> tasks = [];
        double work = 0;
        double weights = HourWeights.Sum();
        for (int hour = 0; hour < days * 24; hour++)
        {
            double weekend = hour / 24 % 7 >= 5 ? 0.65 : 1;
            double mean = jobsPerDay * weekend * HourWeights[hour % 24] / weights;
            for (double at = random.NextExponential(1 / mean); at < 1; at += random.NextExponential(1 / mean))
            {
                tasks.Add(Job(tasks.Count, (hour + at) * 3600, random));
                work += tasks[^1].Duration * tasks[^1].Shape.TotalMilli * tasks[^1].Gang;
            }
        }
        int nodes = Math.Max(8, (int)Math.Round(work / (days * 86_400.0) / load / 8000));
        NodeConfig[] cluster = new NodeConfig[nodes];
        for (int i = 0; i < nodes; i++)
        {
            cluster[i] = new NodeConfig($"node-{i:D4}", 96_000, 786_432, 8, "V100") { Rack = $"rack-{i / 8:D3}" };
        }
        return new Trace($"daily load {load:0.##}", cluster, new NameTable(), tasks, 0);
    }

    private static TraceTask Job(int number, double at, SeededRandom random)
    {
        double draw = random.NextDouble();
        int size = 0;
        while (size < Sizes.Length - 1 && draw >= Sizes[size].Share)
        {
            draw -= Sizes[size++].Share;
        }
        (int devices, _, double longer) = Sizes[size];
        double duration = MedianSeconds * longer * Math.Exp(Sigma * random.NextNormal());
        int perNode = Math.Min(8, devices);
        // Projects are of very different sizes: the k-th has a weight of 1/k.
        int project = (int)Math.Exp(random.NextDouble() * Math.Log(Projects + 1));
        return new TraceTask($"job-{number}", new TaskShape(perNode * 6000, perNode * 40_000, perNode, 1000))
        {
            Submitted = at,
            Duration = Math.Clamp(duration, 1, 14 * 86_400),
            Gang = devices / perNode,
            Project = $"team-{Math.Min(project, Projects):D2}",
        };
    }
}
