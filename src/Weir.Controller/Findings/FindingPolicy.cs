using System.Text.Json;
using Weir.Controller.Access;
using Weir.Controller.State;
using Weir.Controller.Store;
using Weir.Metering.Findings;
using Weir.Protocol.Rest;

namespace Weir.Controller.Findings;

/// <summary>What follows from findings, kept in the store's meta table.</summary>
internal sealed class FindingPolicy(ClusterState state, CommitQueue commits, AuditLog audit)
{
    private const string Key = "findings";

    // By default findings are told of and nothing is done: whose work is stopped is for people to decide.
    private static readonly FindingPolicyView Default = new(
        null,
        Detectors.Names.ToDictionary(name => name, _ => new FindingActionView(NotifyAfterMs: 0))
    );

    /// <summary>As people see it.</summary>
    public FindingPolicyView View { get; private set; } = Default;

    /// <summary>Thresholds.</summary>
    public FindingRules Rules { get; private set; } = new();

    /// <summary>What follows from a detector's findings.</summary>
    public FindingActionView Of(string detector) => View.Actions.GetValueOrDefault(detector) ?? new FindingActionView();

    /// <summary>Takes up what was written before.</summary>
    public void Load(StoreSession store)
    {
        if (StoreReader.Meta(store, Key) is { } text)
        {
            View = JsonSerializer.Deserialize(text, RestJson.Default.FindingPolicyView)!;
            Rules = RulesOf(View.Thresholds);
        }
    }

    /// <summary>Sets it.</summary>
    public async Task SetAsync(Caller caller, FindingPolicyView view)
    {
        if (view.Actions is null)
        {
            throw ControlException.Invalid("a policy says what follows from which finding: actions is missing");
        }
        foreach ((string detector, FindingActionView action) in view.Actions)
        {
            if (!Detectors.Names.Contains(detector))
            {
                throw ControlException.Invalid(
                    $"there is no detector {detector}: {string.Join(", ", Detectors.Names)}"
                );
            }
            long?[] steps = [action.NotifyAfterMs, action.WarnAfterMs, action.ParkAfterMs, action.CancelAfterMs];
            long[] given = [.. steps.OfType<long>()];
            if (given.Any(after => after < 0) || !given.SequenceEqual(given.Order()))
            {
                throw ControlException.Invalid(
                    $"{detector}: notify, warn, park and cancel come one after the other, each later than the one before"
                );
            }
        }
        if (
            view.Webhook is { } hook
            && !(Uri.TryCreate(hook, UriKind.Absolute, out Uri? uri) && uri.Scheme is "http" or "https")
        )
        {
            throw ControlException.Invalid($"{hook} is no address of a webhook: write http://… or https://…");
        }
        FindingRules rules = RulesOf(view.Thresholds);
        lock (state.Gate)
        {
            (View, Rules) = (view, rules);
            audit.Add(caller, "findings.policy", "findings", $"{view.Actions.Count} detectors");
            commits.Post(
                new StoreWrite(Writes.Meta(Key, JsonSerializer.Serialize(view, RestJson.Default.FindingPolicyView)))
            );
        }
        await commits.FlushAsync();
    }

    private static FindingRules RulesOf(IReadOnlyDictionary<string, double>? thresholds)
    {
        var rules = new FindingRules();
        foreach ((string name, double value) in thresholds ?? new Dictionary<string, double>())
        {
            if (value < 0 || !double.IsFinite(value))
            {
                throw ControlException.Invalid($"the threshold {name} is {value}: it must not be negative");
            }
            rules = name switch
            {
                "idleHoldMs" => rules with { IdleHoldMs = (long)value },
                "leastActiveMs" => rules with { LeastActiveMs = (long)value },
                "overAskPercent" => rules with { OverAskPercent = (int)value },
                "overAskMemory" => rules with { OverAskMemory = value },
                "starvedUse" => rules with { StarvedUse = value },
                "starvedCores" => rules with { StarvedCores = value },
                "launchesPerSecond" => rules with { LaunchesPerSecond = value },
                "launchUs" => rules with { LaunchUs = value },
                "memoryFull" => rules with { MemoryFull = value },
                "failures" => rules with { Failures = (int)value },
                "stranded" => rules with { Stranded = value },
                "waitingMs" => rules with { WaitingMs = (long)value },
                _ => throw ControlException.Invalid(
                    $"there is no threshold {name}: idleHoldMs, leastActiveMs, overAskPercent, overAskMemory, starvedUse, starvedCores, launchesPerSecond, launchUs, memoryFull, failures, stranded, waitingMs"
                ),
            };
        }
        return rules;
    }
}
