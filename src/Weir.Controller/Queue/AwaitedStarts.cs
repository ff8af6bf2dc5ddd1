using Weir.Controller.Placement;
using Weir.Controller.State;
using Weir.Protocol.Rest;

namespace Weir.Controller.Queue;

/// <summary>
/// Starts that were decided, in the library's books already, and wait until what is parked for them has left its devices. Called under
/// the gate.
/// </summary>
internal sealed class AwaitedStarts(ClusterState state, Books books)
{
    private readonly List<AwaitedStart> _starts = [];

    /// <summary>Whether the entry waits for nothing but others to leave their devices.</summary>
    public bool Has(QueueEntry entry) => _starts.Exists(start => start.Entry == entry && IsMeant(start));

    /// <summary>Leases that leave their devices for the entry.</summary>
    public IEnumerable<LeaseState> For(QueueEntry entry) =>
        _starts.Find(start => start.Entry == entry) is { } found ? Leaving(found.Slices) : [];

    /// <summary>Whether somebody still has what the slices are to get, and leaves it.</summary>
    public bool MustWait(IReadOnlyList<SliceView> slices, string pool) =>
        !state.HasRoom(slices, pool) && Leaving(slices).Any();

    public void Add(QueueEntry entry, IReadOnlyList<SliceView> slices, string reason) =>
        _starts.Add(new AwaitedStart(entry, slices, reason, books.Generation));

    /// <summary>Those that need not wait any more, whether there is room or not; they are forgotten.</summary>
    public List<AwaitedStart> TakeReady()
    {
        _starts.RemoveAll(start => !IsMeant(start));
        var ready = _starts.FindAll(start => !MustWait(start.Slices, start.Entry.Pool));
        _starts.RemoveAll(ready.Contains);
        return ready;
    }

    /// <summary>Those that wait for this lease, which stays; they are forgotten.</summary>
    public List<AwaitedStart> TakeWaitingFor(LeaseState lease)
    {
        var inVain = _starts.FindAll(start =>
            start.Slices.Any(slice => lease.Slices.Any(own => own.Uuid == slice.Uuid))
        );
        _starts.RemoveAll(inVain.Contains);
        return inVain.FindAll(IsMeant);
    }

    // Books that were made anew know nothing of what was decided with the old ones; and some give up meanwhile.
    private bool IsMeant(AwaitedStart start) =>
        start.Generation == books.Generation
        && books.Find(start.Entry.Number) == start.Entry
        && books.Runs(start.Entry)
        && start.Entry.Pending is not { Answer.Task.IsCompleted: true };

    private IEnumerable<LeaseState> Leaving(IReadOnlyList<SliceView> slices) =>
        state.Leases.Values.Where(lease =>
            lease is { Yielding: not null, Released: false }
            && lease.Slices.Any(own => slices.Any(slice => slice.Uuid == own.Uuid))
        );
}

/// <summary>A start that waits.</summary>
/// <param name="Entry">Who starts.</param>
/// <param name="Slices">What it gets.</param>
/// <param name="Reason">Why it starts, for people.</param>
/// <param name="Generation">Of the books that it was decided with.</param>
internal sealed record AwaitedStart(QueueEntry Entry, IReadOnlyList<SliceView> Slices, string Reason, int Generation);
