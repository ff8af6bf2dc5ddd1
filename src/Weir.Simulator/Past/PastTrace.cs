using System.Globalization;
using Weir.Scheduling.Cluster;
using Weir.Simulator.Timed;
using Weir.Simulator.Traces;

namespace Weir.Simulator.Past;

/// <summary>Makes a trace of a pool's past, on the hardware that it has or on more.</summary>
public static class PastTrace
{
    private const int MostPerNode = 8;

    /// <summary>Nodes with so many more devices of a model, written as "8xMODEL" or "8xMODEL:24GiB".</summary>
    /// <param name="nodes">What is there; a model that is there keeps its memory and pool.</param>
    /// <param name="text">As written.</param>
    /// <exception cref="ArgumentException">It is not understood, or the memory of a new model is not said.</exception>
    public static List<PastNode> Added(IReadOnlyList<PastNode> nodes, string text)
    {
        int at = text.IndexOf('x', StringComparison.Ordinal);
        int colon = text.LastIndexOf(':');
        string model = at > 0 ? text[(at + 1)..(colon > at ? colon : text.Length)] : "";
        if (
            at <= 0
            || !int.TryParse(text.AsSpan(0, at), NumberStyles.None, CultureInfo.InvariantCulture, out int count)
            || count is < 1 or > 100_000
            || model.Length == 0
        )
        {
            throw new ArgumentException(
                $"'{text}' is not understood: write COUNTxMODEL, e.g. 8xH100, or 8xH100:80GiB for a model that is not there yet"
            );
        }
        PastNode? like =
            nodes.FirstOrDefault(node => node.Model.Equals(model, StringComparison.OrdinalIgnoreCase))
            ?? nodes.FirstOrDefault(node => node.Model.Contains(model, StringComparison.OrdinalIgnoreCase));
        int memory = colon > at ? Memory(text[(colon + 1)..], text) : like?.MemoryMib ?? 0;
        if (memory == 0)
        {
            throw new ArgumentException(
                $"no device of the pool is a '{model}' (there are: {string.Join(", ", nodes.Select(node => node.Model).Distinct())}); say its memory: {text}:80GiB"
            );
        }
        List<PastNode> added = [];
        for (int left = count; left > 0; left -= MostPerNode)
        {
            added.Add(
                new PastNode(
                    $"added-{added.Count}",
                    like?.Pool ?? (nodes.Count > 0 ? nodes[0].Pool : "default"),
                    like?.Model ?? model,
                    Math.Min(left, MostPerNode),
                    memory
                )
                {
                    ComputeLimit = like?.ComputeLimit ?? 100,
                    MemoryLimit = like?.MemoryLimit ?? 100,
                }
            );
        }
        return added;
    }

    /// <summary>
    /// The trace. A claim that got nothing is given the median duration of its project's claims; one that still runs ends now.
    /// </summary>
    /// <param name="name">For tables.</param>
    /// <param name="nodes">The hardware.</param>
    /// <param name="claims">The past.</param>
    /// <param name="now">Until when it is known, seconds.</param>
    /// <exception cref="ArgumentException">There is nothing to replay.</exception>
    public static Trace Of(string name, IReadOnlyList<PastNode> nodes, IReadOnlyList<PastClaim> claims, double now)
    {
        if (nodes.Count == 0 || !claims.Any(claim => claim.Granted is not null))
        {
            throw new ArgumentException("the pool has no past to replay yet: no claim was granted in that time");
        }
        var models = new NameTable();
        List<NodeConfig> configs =
        [
            .. nodes.Select(
                (node, i) =>
                    new NodeConfig($"{node.Node}/{i}", 0, 0, node.Devices, node.Model)
                    {
                        Pool = node.Pool,
                        DeviceMemoryMib = node.MemoryMib,
                        DeviceMemoryPromisedMib = (int)
                            Math.Min(int.MaxValue, (long)node.MemoryMib * node.MemoryLimit / 100),
                        DeviceMilli = Milli(node.ComputeLimit, node.ComputeLimit),
                    }
            ),
        ];
        foreach (string model in nodes.Select(node => node.Model).Distinct())
        {
            models.Number(model);
        }
        double first = First(claims);
        var limits = nodes
            .GroupBy(node => node.Pool)
            .ToDictionary(group => group.Key, group => group.First().ComputeLimit, StringComparer.Ordinal);
        var usual = claims
            .Where(claim => claim.Granted is not null)
            .GroupBy(claim => claim.Project)
            .ToDictionary(group => group.Key, group => Median(group.Select(claim => Duration(claim, now))));
        double overall = Median(claims.Where(claim => claim.Granted is not null).Select(claim => Duration(claim, now)));
        List<TraceTask> tasks = [];
        foreach (PastClaim claim in claims)
        {
            tasks.Add(
                new TraceTask(
                    claim.Id,
                    new TaskShape(
                        0,
                        0,
                        claim.Count,
                        Milli(limits.GetValueOrDefault(claim.Pool, 100), claim.ComputeMilli / 10.0),
                        claim.MemoryMib,
                        Models(claim.Model, models)
                    )
                    {
                        DeviceMemoryMilli = claim.MemoryMib > 0 ? 0 : claim.ComputeMilli,
                    }
                )
                {
                    Submitted = claim.Submitted - first,
                    Duration = claim.Granted is null
                        ? usual.GetValueOrDefault(claim.Project, overall)
                        : Duration(claim, now),
                    Project = claim.Project,
                    Pool = claim.Pool,
                    Priority = claim.Priority,
                    Preemptible = claim.Preemptible,
                    MaySplit = claim.Count > 1,
                }
            );
        }
        return new Trace(name, configs, models, tasks, 0);
    }

    /// <summary>The time at which the trace begins.</summary>
    public static double First(IReadOnlyList<PastClaim> claims) => claims.Min(claim => claim.Submitted);

    /// <summary>How it was: what was granted when, without any replay.</summary>
    /// <param name="name">The trace's name.</param>
    /// <param name="nodes">The hardware.</param>
    /// <param name="claims">The past.</param>
    /// <param name="now">Until when it is known, seconds.</param>
    public static TimedResult AsItWas(
        string name,
        IReadOnlyList<PastNode> nodes,
        IReadOnlyList<PastClaim> claims,
        double now
    )
    {
        double[] waits =
        [
            .. claims
                .Where(claim => claim.Granted is not null)
                .Select(claim => claim.Granted!.Value - claim.Submitted)
                .Order(),
        ];
        double span = Math.Max(1, claims.Max(claim => claim.Submitted) - claims.Min(claim => claim.Submitted));
        double work = claims
            .Where(claim => claim.Granted is not null)
            .Sum(claim => Duration(claim, now) * claim.Count * claim.ComputeMilli);
        double capacity = nodes.Sum(node => node.Devices) * (double)TaskShape.WholeDevice;
        return new TimedResult(name, "as it was", 0)
        {
            OfferedLoad = work / capacity / span,
            Submitted = claims.Count,
            Finished = waits.Length,
            Refused = claims.Count - waits.Length,
            Allocation = Math.Min(100, 100 * work / capacity / span),
            MeanWait = waits.Average(),
            MedianWait = waits[waits.Length / 2],
            P99Wait = waits[Math.Min(waits.Length - 1, (int)(0.99 * waits.Length))],
            Fairness = Fairness(claims, now),
            Waits = waits,
        };
    }

    // What a pool promises of a device is at most a thousand thousandths, so that each percent is fewer of them.
    private static int Milli(int limit, double percent) =>
        Math.Clamp(
            limit <= TaskShape.WholeDevice
                ? (int)Math.Round(percent * (TaskShape.WholeDevice / limit))
                : (int)Math.Ceiling(percent * TaskShape.WholeDevice / limit),
            1,
            TaskShape.WholeDevice
        );

    // As replays compute it: Jain's index of the projects' mean speed, granted work over its time in the system.
    private static double Fairness(IReadOnlyList<PastClaim> claims, double now)
    {
        double[] speeds =
        [
            .. claims
                .Where(claim => claim.Granted is not null)
                .GroupBy(claim => claim.Project)
                .Select(group =>
                    group.Sum(claim => Math.Max(Duration(claim, now), 1))
                    / group.Sum(claim => Math.Max(Duration(claim, now), 1) + claim.Granted!.Value - claim.Submitted)
                ),
        ];
        return speeds.Sum() * speeds.Sum() / (speeds.Length * speeds.Sum(speed => speed * speed));
    }

    private static double Duration(PastClaim claim, double now) =>
        Math.Max(0, (claim.Ended ?? Math.Max(now, claim.Granted!.Value)) - claim.Granted!.Value);

    private static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted[sorted.Length / 2];
    }

    private static ulong Models(string? wanted, NameTable models)
    {
        if (wanted is null)
        {
            return TaskShape.Any;
        }
        ulong bits = 0;
        for (int model = 0; model < models.Count; model++)
        {
            bits |= models.Name(model).Contains(wanted, StringComparison.OrdinalIgnoreCase) ? 1UL << model : 0;
        }
        return bits;
    }

    private static int Memory(string size, string all)
    {
        foreach ((string unit, int mib) in ((string, int)[])[("GiB", 1024), ("MiB", 1), ("G", 1024), ("M", 1)])
        {
            if (
                size.EndsWith(unit, StringComparison.OrdinalIgnoreCase)
                && double.TryParse(
                    size.AsSpan(0, size.Length - unit.Length),
                    CultureInfo.InvariantCulture,
                    out double number
                )
                && number * mib is >= 1 and <= int.MaxValue
            )
            {
                return (int)(number * mib);
            }
        }
        throw new ArgumentException($"'{all}': \"{size}\" is no memory size: write e.g. 80GiB");
    }
}
