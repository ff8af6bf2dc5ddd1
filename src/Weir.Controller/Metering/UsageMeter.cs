using Weir.Controller.State;
using Weir.Metering.Usage;
using Weir.Protocol.Agents;
using SessionState = Weir.Controller.State.SessionState;

namespace Weir.Controller.Metering;

/// <summary>Takes what agents report to the book of usage. Called under the gate, except where it says so.</summary>
internal sealed class UsageMeter(ClusterState state, UsageBook book)
{
    private const long LongestSilenceMs = 15_000;

    // Reports of agents are no more believed than that a program can have been busy for centuries.
    private const ulong Most = long.MaxValue / 16;

    private readonly Dictionary<string, long> _heard = new(StringComparer.Ordinal);

    /// <summary>Guards the book; taken inside the gate, never the other way round.</summary>
    public Lock Gate { get; } = new();

    /// <summary>The book.</summary>
    public UsageBook Book => book;

    /// <summary>A node says what its sessions use: who is not named has used nothing.</summary>
    public void Heard(string node, long now) => _heard[node] = now;

    /// <summary>What a session has used since it began.</summary>
    public void Report(SessionState session, SessionUsage usage, long now, bool hasEnded)
    {
        ulong units = (ulong)(state.Devices.GetValueOrDefault(usage.Device)?.Units ?? 1);
        var counts = new UsageCounts
        {
            Sequence = Number(usage.Sequence),
            BusyNs = Number(usage.BusyNs / units),
            CopyNs = Number(usage.CopyNs / units),
            WaitNs = Number(usage.WaitNs / units),
            Launches = Number(usage.Launches),
            Calls = Number(usage.Calls),
            BytesToDevice = Number(usage.BytesToDevice),
            BytesToHost = Number(usage.BytesToHost),
            BytesOnDevice = Number(usage.BytesOnDevice),
            HostNs = Number(usage.HostNs),
        };
        var levels = new UsageLevels(
            Number(usage.MemoryBytes),
            Number(usage.PeakMemoryBytes),
            Number(usage.HostMemoryBytes)
        );
        lock (Gate)
        {
            book.Report(session.Id, session.Lease, usage.Device, counts, levels, now, hasEnded);
        }
    }

    /// <summary>A session is over, and nobody says what it used last.</summary>
    public void Ended(SessionState session, long now)
    {
        lock (Gate)
        {
            book.Ended(session.Id, now);
        }
    }

    /// <summary>Books the time up to now; what is to be stored.</summary>
    public UsageChanges Tick(long now)
    {
        var parked = state
            .Sessions.Values.GroupBy(session => session.Lease, StringComparer.Ordinal)
            .Where(group => group.All(session => session.Condition != "attached"))
            .Select(group => group.Key)
            .ToHashSet(StringComparer.Ordinal);
        List<HeldSlice> held = [];
        foreach (var lease in state.Leases.Values.Where(lease => lease.Durable))
        {
            foreach (var slice in lease.Slices)
            {
                bool isHeard =
                    _heard.TryGetValue(slice.Node, out long heard)
                    && now - heard < LongestSilenceMs
                    && state.Nodes.GetValueOrDefault(slice.Node)?.Link is not null;
                held.Add(
                    new HeldSlice(
                        lease.Id,
                        slice.Uuid,
                        slice.Compute,
                        lease.GrantedAt,
                        isHeard,
                        parked.Contains(lease.Id),
                        lease.Released
                    )
                );
            }
        }
        lock (Gate)
        {
            book.Tick(held, now);
            return book.TakeChanges();
        }
    }

    private static long Number(ulong value) => (long)Math.Min(value, Most);
}
