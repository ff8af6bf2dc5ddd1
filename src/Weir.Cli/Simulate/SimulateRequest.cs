using System.Globalization;
using Weir.Scheduling.Placement;
using Weir.Simulator.Traces;

namespace Weir.Cli.Simulate;

/// <summary>What was asked of `weir simulate`.</summary>
internal sealed record SimulateRequest(
    string Trace,
    string? Nodes,
    string[] Policies,
    int Seeds,
    int FirstSeed,
    bool InTime,
    double Tune,
    string[] Loads,
    int Days,
    int JobsPerDay,
    bool Failures,
    bool SkipBad,
    bool DecisionCost,
    int Cores,
    string Output
)
{
    private const string Openb = "openb";

    /// <summary>True when the trace is one of openb's.</summary>
    public bool IsOpenb => Trace == Openb || Trace.StartsWith(Openb + ":", StringComparison.Ordinal);

    /// <summary>True when jobs are to be generated.</summary>
    public bool IsDaily => Trace == "daily";

    /// <summary>The wanted loads.</summary>
    public IEnumerable<double> LoadValues =>
        Loads.Select(text =>
            double.TryParse(text, CultureInfo.InvariantCulture, out double load) && load is > 0 and < 100
                ? load
                : throw new ArgumentException($"--load has '{text}'; numbers like 0.9 make sense")
        );

    /// <summary>Runs at the same time.</summary>
    public ParallelOptions Parallelism => new() { MaxDegreeOfParallelism = Cores };

    /// <summary>The folder of the openb files.</summary>
    /// <exception cref="ArgumentException">There is none.</exception>
    public static string OpenbPath =>
        OpenbFolder.Find()
        ?? throw new ArgumentException("samples/traces/openb is missing; start through ./weir of a checkout");

    /// <summary>Throws when something makes no sense, before anything is run.</summary>
    /// <exception cref="ArgumentException">Says what.</exception>
    public void Check()
    {
        if (Policies.Length == 0)
        {
            throw new ArgumentException($"--policy is empty (known: {string.Join(", ", PlacementPolicies.Names)})");
        }
        foreach (string policy in Policies)
        {
            PlacementPolicies.Check(policy);
        }
        if (Seeds is < 1 or > 10_000 || FirstSeed < 0 || Cores < 1)
        {
            throw new ArgumentException("--seeds takes 1 to 10000, --first-seed 0 or more, --cores 1 or more");
        }
        if (!(Tune is > 0 and <= 10))
        {
            throw new ArgumentException($"--tune is {Tune}; above 0 and up to 10 makes sense");
        }
        _ = LoadValues.ToArray();
        if (IsDaily && !InTime)
        {
            throw new ArgumentException("generated jobs have times; add --mode time");
        }
        if (!IsOpenb && !IsDaily && Nodes is null)
        {
            throw new ArgumentException(
                $"--trace is '{Trace}': openb, openb:VARIANT, daily, or a file of jobs together with --nodes"
            );
        }
    }

    /// <summary>The traces asked for, except generated ones.</summary>
    public IEnumerable<Trace> Read()
    {
        if (!IsOpenb)
        {
            var models = new Scheduling.Cluster.NameTable();
            var nodes = OpenbTrace.ReadNodes(Nodes!, models);
            List<TraceTask> tasks = TableTrace.ReadJobs(Trace, models, SkipBad, out int skipped);
            yield return new Trace(Path.GetFileName(Trace), nodes, models, tasks, skipped);
            yield break;
        }
        string variant = Trace.Length > Openb.Length ? Trace[(Openb.Length + 1)..] : "default";
        foreach (string one in variant == "all" ? OpenbTrace.Variants : [variant])
        {
            yield return OpenbTrace.ReadVariant(OpenbPath, one, SkipBad);
        }
    }
}
