using System.Net.Http.Json;
using Microsoft.Extensions.Logging;
using Weir.Controller.Access;
using Weir.Controller.Leases;
using Weir.Controller.Metering;
using Weir.Controller.Queue;
using Weir.Controller.Sessions;
using Weir.Controller.State;
using Weir.Controller.Store;
using Weir.Metering.Debt;
using Weir.Metering.Findings;
using Weir.Protocol.Rest;

namespace Weir.Controller.Findings;

/// <summary>
/// Looks every minute for what could be better, and does what the policy says: tells those who run the pool, warns the owner, parks, ends; each
/// after its time, and only while it is still found.
/// </summary>
internal sealed class FindingService(
    ClusterState state,
    DebtQueries queries,
    FindingPolicy policy,
    PriceBook prices,
    LeaseService leases,
    SessionService moves,
    DecisionLog events,
    History history,
    AuditLog audit,
    ControllerClock clock,
    ILogger log
) : IDisposable
{
    /// <summary>How much of the past is looked at.</summary>
    public const long LookBackMs = 6 * 3_600_000;

    private static readonly TimeSpan Every = TimeSpan.FromMinutes(1);
    private const int MostBuckets = 400;

    private const long SpentEveryMs = 10 * 60_000;

    private IReadOnlyList<Finding> _spent = [];
    private IReadOnlyList<Budget>? _spentOf;
    private long _spentAt;

    private readonly Dictionary<string, Active> _active = new(StringComparer.Ordinal);
    private readonly Lock _gate = new();
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(10) };

    /// <summary>Goes on until it is cancelled.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            await Task.Delay(Every, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (stop.IsCancellationRequested)
            {
                return;
            }
            try
            {
                await LookAsync();
            }
            catch (Exception failure) when (failure is StoreException or ControlException)
            {
                log.LogError("what could be better cannot be looked for now: {Why}", failure.Message);
            }
        }
    }

    /// <summary>Everything that is found in a span of time, with what the policy has done about it.</summary>
    public async Task<(List<Finding> Findings, DebtInput Input)> FindAsync(long from, long to)
    {
        (DebtInput input, _) = await queries.ReadAsync(from, to, MostBuckets);
        // Not the clock again: what was held then may look as if it had ended since.
        long end = input.Until;
        List<Outcome> outcomes = history.Read(store => Outcomes(store, input, end));
        return ([.. await SpentAsync(), .. Detectors.Run(input, outcomes, policy.Rules, end)], input);
    }

    // A month is looked at less often than the last hours.
    private async Task<IReadOnlyList<Finding>> SpentAsync()
    {
        IReadOnlyList<Budget> budgets = prices.Budgets;
        if (budgets.Count == 0)
        {
            return [];
        }
        long now = clock.Now;
        if (now - _spentAt > SpentEveryMs || !ReferenceEquals(budgets, _spentOf))
        {
            DateTimeOffset today = DateTimeOffset.FromUnixTimeMilliseconds(now);
            var month = new DateTimeOffset(today.Year, today.Month, 1, 0, 0, 0, TimeSpan.Zero);
            long from = Math.Min(month.ToUnixTimeMilliseconds(), now - 1);
            (DebtInput input, _) = await queries.ReadAsync(from, now, MostBuckets, withUsage: false);
            DebtSummary summary = DebtSummary.Of(input, DebtDimension.Project, prices.Price);
            _spent = [.. Budgets.Check(summary, budgets, prices.List.Currency)];
            (_spentAt, _spentOf) = (now, budgets);
        }
        return _spent;
    }

    /// <summary>Looks once, and does what is due.</summary>
    public async Task LookAsync()
    {
        long now = clock.Now;
        (List<Finding> found, _) = await FindAsync(now - LookBackMs, now);
        List<Finding> notified = [];
        lock (state.Gate)
        {
            lock (_gate)
            {
                HashSet<string> keys = [.. found.Select(finding => finding.Key)];
                foreach (string gone in _active.Keys.Where(key => !keys.Contains(key)).ToArray())
                {
                    _ = _active.Remove(gone);
                }
                foreach (Finding finding in found)
                {
                    if (!_active.TryGetValue(finding.Key, out Active? active))
                    {
                        _active.Add(finding.Key, active = new Active(now));
                    }
                    Advance(finding, active, now, notified);
                }
            }
        }
        if (policy.View.Webhook is { } hook)
        {
            foreach (Finding finding in notified)
            {
                await SendAsync(hook, finding);
            }
        }
    }

    /// <summary>A finding as people see it.</summary>
    public FindingView View(Finding finding, DebtInput input)
    {
        string step;
        lock (_gate)
        {
            step = _active.GetValueOrDefault(finding.Key)?.Step ?? "found";
        }
        return new FindingView(
            finding.Detector,
            finding.Subject,
            finding.Project,
            finding.User,
            finding.Evidence,
            finding.SavingUs,
            Price(finding, input),
            finding.Remedy,
            finding.Command,
            finding.Threshold,
            finding.Since,
            step
        );
    }

    public void Dispose() => _http.Dispose();

    private decimal? Price(Finding finding, DebtInput input)
    {
        DeviceTimeline? device = input.Holdings.FirstOrDefault(holding => holding.Lease == finding.Subject) is { } held
            ? input.Devices.FirstOrDefault(one => one.Uuid == held.Device)
            : input.Devices.FirstOrDefault(one => one.Pool == finding.Subject);
        return device is not null && prices.Price(device, input.Grid.From) is { } each
            ? decimal.Round(each * finding.SavingUs, 4)
            : null;
    }

    private void Advance(Finding finding, Active active, long now, List<Finding> notified)
    {
        FindingActionView action = policy.Of(finding.Detector);
        long age = now - active.Since;
        state.Leases.TryGetValue(finding.Subject, out LeaseState? lease);
        if (active.Step == "found" && age >= action.NotifyAfterMs)
        {
            active.Step = "notified";
            events.Tell("finding", finding.Subject, finding.Project, $"{finding.Detector}: {finding.Evidence}");
            notified.Add(finding);
        }
        if (active.Step is "found" or "notified" && age >= action.WarnAfterMs && lease is not null)
        {
            active.Step = "warned";
            events.Tell("warning", finding.Subject, finding.Project, $"{finding.Evidence}. {finding.Remedy}");
        }
        if (active.Step is not ("parked" or "cancelled") && age >= action.ParkAfterMs && lease is not null)
        {
            string reason = $"{finding.Detector}: {finding.Evidence}";
            if (moves.Park(lease, reason))
            {
                active.Step = "parked";
                audit.Add(Caller.Controller, "finding.park", lease.Id, reason);
            }
        }
        if (active.Step != "cancelled" && age >= action.CancelAfterMs && lease is not null)
        {
            active.Step = "cancelled";
            audit.Add(Caller.Controller, "finding.cancel", lease.Id, finding.Evidence);
            leases.End(lease, $"{finding.Detector}: {finding.Evidence}");
        }
    }

    private async Task SendAsync(string hook, Finding finding)
    {
        try
        {
            using HttpResponseMessage answer = await _http.PostAsJsonAsync(
                hook,
                new FindingView(
                    finding.Detector,
                    finding.Subject,
                    finding.Project,
                    finding.User,
                    finding.Evidence,
                    finding.SavingUs,
                    null,
                    finding.Remedy,
                    finding.Command,
                    finding.Threshold,
                    finding.Since,
                    "notified"
                ),
                RestJson.Default.FindingView
            );
            _ = answer.EnsureSuccessStatusCode();
        }
        catch (Exception failure) when (failure is HttpRequestException or TaskCanceledException)
        {
            log.LogWarning("the webhook did not take a finding: {Why}", failure.Message);
        }
    }

    private static List<Outcome> Outcomes(StoreSession store, DebtInput input, long end)
    {
        Dictionary<string, long> held = [];
        foreach (Holding holding in input.Holdings.Where(holding => holding.Workload is not null))
        {
            held[holding.Workload!] =
                held.GetValueOrDefault(holding.Workload!)
                + holding.Spans.Sum(span => (span.To - span.From) * holding.Compute * 10);
        }
        return
        [
            .. StoreReader
                .Workloads(store, "state IN ('succeeded', 'failed') AND ended > @p0", History.Most, input.Grid.From)
                .Where(workload => workload.EndedAt <= end)
                .Select(workload => new Outcome(
                    workload.Id,
                    workload.Project,
                    workload.User,
                    string.Join(' ', workload.Request.Command),
                    workload.EndedAt!.Value,
                    workload.State == "failed",
                    held.GetValueOrDefault(workload.Id)
                )),
        ];
    }

    private sealed class Active(long since)
    {
        public long Since => since;

        public string Step { get; set; } = "found";
    }
}
