using Microsoft.Extensions.Logging;
using Weir.Controller.State;
using Weir.Controller.Store;
using Weir.Metering.Usage;
using Weir.Protocol.Agents;

namespace Weir.Controller.Metering;

/// <summary>Books usage every few seconds, stores it, and tells agents which sessions' ends are kept. One booking at a time.</summary>
internal sealed class MeteringService(
    ClusterState state,
    UsageMeter meter,
    UsageStore store,
    DeviceWatch watch,
    CommitQueue commits,
    ControllerClock clock,
    ILogger log
)
{
    private const long PruneEveryMs = 3_600_000;
    private const long KeepSessionsMs = 8 * Retention.DayMs;

    private readonly SemaphoreSlim _one = new(1);
    private long _prunedAt;
    private long _lastTookMs;
    private bool _isTroubled;

    /// <summary>How long the past is kept.</summary>
    public Retention Retention { get; set; } = new();

    /// <summary>Up to when usage is stored, Unix time in milliseconds.</summary>
    public long StoredTo { get; private set; }

    /// <summary>Goes on until it is cancelled; what is left is stored then.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            // A little after a raw sample's end, so that most samples are stored once.
            long pause = Resolution.Raw.StepMs - (clock.Now % Resolution.Raw.StepMs) + 50;
            await Task.Delay(TimeSpan.FromMilliseconds(pause), stop)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await BookAsync(0);
        }
    }

    /// <summary>Books and stores what there is, unless that was done so lately.</summary>
    /// <param name="unlessWithinMs">How lately, milliseconds.</param>
    public async Task BookAsync(long unlessWithinMs)
    {
        await _one.WaitAsync();
        try
        {
            long now = clock.Now;
            // Who asks often must not have it booked all the time: at most a tenth of the time goes into it.
            if (unlessWithinMs > 0 && now - StoredTo < Math.Max(unlessWithinMs, 10 * _lastTookMs))
            {
                return;
            }
            long start = System.Diagnostics.Stopwatch.GetTimestamp();
            UsageChanges changes;
            bool hasNews;
            lock (state.Gate)
            {
                hasNews = watch.Look();
                changes = meter.Tick(now);
            }
            if (hasNews)
            {
                // Who asks next is to find it. A store in trouble says so itself.
                await commits.FlushAsync().ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            Store(changes, now);
            _lastTookMs = (long)System.Diagnostics.Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        }
        finally
        {
            _one.Release();
        }
    }

    private void Store(UsageChanges changes, long now)
    {
        try
        {
            if (!changes.IsEmpty)
            {
                store.Write(changes);
            }
            StoredTo = now;
            if (_isTroubled)
            {
                _isTroubled = false;
                log.LogInformation("usage is stored again, with all that was used meanwhile");
            }
            TellKept(changes);
            if (now - _prunedAt > PruneEveryMs)
            {
                _prunedAt = now;
                IReadOnlyList<string> old;
                lock (meter.Gate)
                {
                    old = meter.Book.Forget(now - KeepSessionsMs);
                }
                store.Prune(now, Retention, old);
            }
        }
        catch (Exception trouble) when (trouble is StoreException or System.Data.Common.DbException)
        {
            lock (meter.Gate)
            {
                meter.Book.PutBack(changes);
            }
            if (!_isTroubled)
            {
                _isTroubled = true;
                log.LogError("{What}; it is kept in memory and stored when that is possible", trouble.Message);
            }
        }
    }

    private void TellKept(UsageChanges changes)
    {
        if (changes.Kept.Count == 0)
        {
            return;
        }
        lock (state.Gate)
        {
            foreach (var ofNode in changes.Kept.GroupBy(session => session[..Math.Max(0, session.IndexOf('/'))]))
            {
                if (state.Nodes.GetValueOrDefault(ofNode.Key)?.Link is { } link)
                {
                    var kept = new SessionsKept();
                    kept.Sessions.AddRange(ofNode.Select(session => session[(session.IndexOf('/') + 1)..]));
                    link.Send(new ControllerMessage { Kept = kept });
                }
            }
        }
    }
}
