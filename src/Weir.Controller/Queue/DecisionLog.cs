using Weir.Controller.State;
using Weir.Controller.Store;
using Weir.Protocol.Rest;

namespace Weir.Controller.Queue;

/// <summary>What was decided about whom and why, in the store; and the claims themselves, for replays of the past. Called under the gate.</summary>
internal sealed class DecisionLog(ClusterState state, CommitQueue commits, ControllerClock clock)
{
    private const long Kept = 200_000;
    private const long PruneEvery = 4096;

    public void Add(string kind, QueueEntry entry, string detail) =>
        commits.Post(new StoreWrite(Event(kind, entry, detail)));

    /// <summary>The claim was decided: granted, refused or withdrawn.</summary>
    public void Decided(QueueEntry entry, bool preemptible, string kind, string detail)
    {
        var told = Event(kind, entry, detail);
        if (entry.Claim is null)
        {
            commits.Post(new StoreWrite(told));
            return;
        }
        string id = entry.Lease?.Id ?? Identifiers.New("c");
        var claim = Writes.Claim(id, entry, preemptible, clock.Now, kind);
        commits.Post(
            new StoreWrite(store =>
            {
                claim(store);
                told(store);
            })
        );
    }

    /// <summary>Something about a lease, a workload or a pool that is no decision of the queue.</summary>
    public void Tell(string kind, string subject, string project, string detail) =>
        commits.Post(new StoreWrite(Event(kind, subject, project, detail)));

    private Action<StoreSession> Event(string kind, QueueEntry entry, string detail) =>
        Event(kind, entry.Id, entry.Project, detail);

    private Action<StoreSession> Event(string kind, string subject, string project, string detail)
    {
        long id = ++state.LastEvent;
        if (id % PruneEvery == 0 && id > Kept)
        {
            commits.Post(new StoreWrite(Writes.ForgetEvents(id - Kept)));
        }
        return Writes.Event(new EventView(clock.Now, kind, subject, project, detail), id);
    }
}
