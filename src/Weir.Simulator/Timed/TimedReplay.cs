using Weir.Scheduling;
using Weir.Scheduling.Cluster;
using Weir.Scheduling.Deciding;
using Weir.Scheduling.Fairness;
using Weir.Scheduling.Fragmentation;
using Weir.Simulator.Traces;
using Stopwatch = System.Diagnostics.Stopwatch;

namespace Weir.Simulator.Timed;

/// <summary>Replays a trace in time: queueing, fairness, preemption, energy. Goes from event to event.</summary>
public sealed class TimedReplay
{
    private readonly Scenario scenario;
    private readonly PoolState pool;
    private readonly Scheduler scheduler;
    private readonly Dictionary<long, Job> jobs = [];
    private readonly PriorityQueue<Event, (double Time, long Order)> events = new();
    private readonly SeededRandom random;
    private readonly EnergyMeter energy;
    private readonly TimedTotals totals;
    private readonly List<double> rounds = [];
    private long order;
    private int remaining;

    private TimedReplay(Scenario scenario)
    {
        this.scenario = scenario;
        Trace trace = scenario.Trace;
        random = new SeededRandom(scenario.Seed);
        var cluster = new ClusterState(trace.Nodes, trace.Models);
        pool = new PoolState(cluster, new ProjectTree(AllProjects(scenario)));
        TypicalTask[] typical = TypicalTask.Of(trace.Tasks.Select(task => task.Shape), trace.Models);
        scheduler = new Scheduler(pool, scenario.Policy, typical, scenario.Speeds);
        energy = new EnergyMeter(cluster, scenario.Power);
        totals = new TimedTotals(pool.Projects.Count);
    }

    /// <summary>One replay.</summary>
    /// <param name="scenario">What and how.</param>
    /// <param name="progress">Told the share done, now and then.</param>
    /// <exception cref="ArgumentException">The policy or the projects make no sense.</exception>
    public static TimedResult Run(Scenario scenario, Action<double>? progress = null) =>
        new TimedReplay(scenario).Run(progress);

    private TimedResult Run(Action<double>? progress)
    {
        long started = Stopwatch.GetTimestamp();
        double first = double.PositiveInfinity;
        double last = 0;
        long id = 1;
        double work = 0;
        double cpuWork = 0;
        foreach (TraceTask task in scenario.Trace.Tasks)
        {
            if (task.Duration >= 0)
            {
                jobs.Add(id, new Job(task, id));
                Add(task.Submitted, EventKind.Submit, id++);
                first = Math.Min(first, task.Submitted);
                last = Math.Max(last, task.Submitted);
                work += task.Shape.TotalMilli * (double)task.Gang * task.Duration;
                cpuWork += task.Shape.CpuMilli * (double)task.Gang * task.Duration;
            }
        }
        if (jobs.Count == 0)
        {
            throw new ArgumentException($"trace '{scenario.Trace.Name}' has no task with a known duration");
        }
        remaining = jobs.Count;
        if (scenario.Failures is { } failures)
        {
            for (int node = 0; node < pool.Cluster.NodeCount; node++)
            {
                Add(first + random.NextExponential(failures.HoursBetween * 3600), EventKind.Fail, node);
            }
        }
        Add(first, EventKind.Sample, 0);
        Add(first + scenario.TimerSeconds, EventKind.Timer, 0);
        totals.Begin(first, last);
        int all = remaining;
        double now = first;
        while (remaining > 0 && events.TryDequeue(out Event next, out (double Time, long) at))
        {
            now = at.Time;
            totals.Advance(now, pool.Cluster, scheduler.Meter, energy);
            bool decide = Handle(next, now);
            // All that happens at one moment is decided on together.
            while (events.TryPeek(out _, out (double Time, long) following) && following.Time == now)
            {
                decide |= Handle(events.Dequeue(), now);
            }
            if (decide)
            {
                Decide(now);
                progress?.Invoke(1 - remaining / (double)all);
            }
        }
        double span = Math.Max(1, last - first);
        double cpu = scenario.Trace.Nodes.Sum(node => (double)node.CpuMilli);
        return totals.Result(scenario, jobs.Values, rounds) with
        {
            OfferedLoad = Math.Max(work / scenario.Trace.CapacityMilli, cpuWork / Math.Max(1, cpu)) / span,
            Makespan = now - first,
            Seconds = Stopwatch.GetElapsedTime(started).TotalSeconds,
        };
    }

    private bool Handle(in Event what, double now)
    {
        switch (what.Kind)
        {
            case EventKind.Submit:
                return Submit(jobs[what.Subject], now);
            case EventKind.End:
                return End(jobs[what.Subject], what.Start, now);
            case EventKind.Fail:
                Fail((int)what.Subject, now);
                return true;
            case EventKind.Repair:
                pool.OpenNode((int)what.Subject);
                Add(now + random.NextExponential(scenario.Failures!.HoursBetween * 3600), EventKind.Fail, what.Subject);
                return true;
            case EventKind.Sample:
                totals.Sample(now, pool.Cluster, scheduler.Waiting, energy);
                Add(now + scenario.SampleSeconds, EventKind.Sample, 0);
                return false;
            default:
                Add(now + scenario.TimerSeconds, EventKind.Timer, 0);
                return scheduler.Waiting > 0;
        }
    }

    private bool Submit(Job job, double now)
    {
        TraceTask task = job.Task;
        var claim = new ClaimConfig(job.Id, ProjectOf(task), task.Shape)
        {
            Tasks = task.Gang,
            Priority = task.Priority,
            Pool = task.Pool,
            Overflow = task.Pool.Length == 0,
            MaySplit = task.MaySplit,
            Preemptible = task.Preemptible,
            PredictedSeconds = scenario.Predicted ? task.Duration : double.NaN,
            ParkBytes = (long)(task.Shape.TotalMilli / 1000.0 * task.Gang * scenario.Parking.BytesPerDevice),
        };
        try
        {
            pool.Submit(claim, now);
            return true;
        }
        catch (ArgumentException)
        {
            Refuse(job);
            return false;
        }
    }

    private bool End(Job job, int start, double now)
    {
        // An end that was foreseen before the claim was parked or moved is none.
        if (job.Start != start)
        {
            return false;
        }
        job.Work = 0;
        job.Ended = now;
        totals.Served(pool.Claims[job.Id].Project, job);
        pool.End(job.Id);
        remaining--;
        return true;
    }

    private void Fail(int node, double now)
    {
        foreach (long id in pool.CloseNode(node, now))
        {
            Job job = jobs[id];
            double done = Progress(job, now);
            double lost = Math.Min(done, random.NextDouble() * scenario.Failures!.CheckpointSeconds);
            job.Work -= done - lost;
            job.Start++;
            totals.Lost++;
        }
        Add(now + random.NextExponential(scenario.Failures!.HoursToRepair * 3600), EventKind.Repair, node);
    }

    private void Decide(double now)
    {
        long begin = Stopwatch.GetTimestamp();
        IReadOnlyList<Decision> decisions = scheduler.Decide(now);
        rounds.Add(Stopwatch.GetElapsedTime(begin).TotalSeconds);
        foreach (Decision decision in decisions)
        {
            Job job = jobs[decision.Claim];
            switch (decision)
            {
                case StartDecision start:
                    Start(job, start, now);
                    break;
                case ParkDecision:
                    job.Work -= Progress(job, now);
                    job.Start++;
                    job.Overhead = scenario.Parking.Seconds(job.Devices);
                    totals.Preemptions++;
                    break;
                case MoveDecision move:
                    job.Work -= Progress(job, now);
                    job.Start++;
                    totals.Moves++;
                    Run(job, move.To.Node, scenario.Parking.Seconds(job.Devices), now);
                    break;
                default:
                    Refuse(job);
                    break;
            }
        }
    }

    private void Start(Job job, StartDecision start, double now)
    {
        if (double.IsNaN(job.FirstStart))
        {
            job.FirstStart = now;
        }
        Run(job, start.Places[0].Node, start.Resumed ? job.Overhead : 0, now);
    }

    private void Run(Job job, int node, double delay, double now)
    {
        job.Speed = scenario.Speeds?.Speed(job.Task.Shape.Kind, pool.Cluster.Model(node)) ?? 1;
        job.RunsFrom = now + delay;
        job.Start++;
        events.Enqueue(new Event(EventKind.End, job.Id, job.Start), (job.RunsFrom + job.Work / job.Speed, order++));
    }

    private static double Progress(Job job, double now) =>
        Math.Min(job.Work, Math.Max(0, now - job.RunsFrom) * job.Speed);

    private void Refuse(Job job)
    {
        totals.Refused++;
        job.Refused = true;
        remaining--;
    }

    private void Add(double time, EventKind kind, long subject) =>
        events.Enqueue(new Event(kind, subject, 0), (time, order++));

    private static string ProjectOf(TraceTask task) => task.Project.Length > 0 ? task.Project : "default";

    private static List<ProjectConfig> AllProjects(Scenario scenario)
    {
        List<ProjectConfig> all = [.. scenario.Projects];
        HashSet<string> known = [.. all.Select(project => project.Name)];
        foreach (TraceTask task in scenario.Trace.Tasks)
        {
            if (known.Add(ProjectOf(task)))
            {
                all.Add(new ProjectConfig(ProjectOf(task)));
            }
        }
        return all;
    }

    private enum EventKind : byte
    {
        Submit,
        End,
        Fail,
        Repair,
        Sample,
        Timer,
    }

    private readonly record struct Event(EventKind Kind, long Subject, int Start);
}
