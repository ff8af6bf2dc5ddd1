using Weir.Controller.Access;
using Weir.Controller.Placement;
using Weir.Controller.Sessions;
using Weir.Controller.State;
using Weir.Protocol.Agents;
using Weir.Protocol.Rest;

namespace Weir.Controller.Queue;

/// <summary>
/// Carries out what a plan of moves says, one move after another: room for what waits first, then nodes that are hardly used are emptied. A move that
/// fails leaves its session where it was, and what would have needed it is left out.
/// </summary>
internal sealed class Rebalancer(
    ClusterState state,
    Books books,
    QueueService queue,
    QueueViews views,
    SessionService sessions,
    DecisionLog events
) : IDisposable
{
    /// <summary>What <see cref="MoveView.Result"/> says of a move that was made.</summary>
    public const string Moved = "moved";

    private readonly SemaphoreSlim _one = new(1);

    /// <summary>Makes at most so many moves; what was planned, with what became of it.</summary>
    public async Task<RebalanceView> RunAsync(Caller caller, int most)
    {
        if (!await _one.WaitAsync(0))
        {
            throw new ControlException(409, "busy", "sessions are being moved already: ask again when that is done");
        }
        try
        {
            List<RoomView> rooms = [];
            HashSet<string> tried = [];
            // What could not be moved just now is not asked again.
            HashSet<string> stayed = [];
            int left = most;
            while (left > 0 && Plan(left).Rooms.FirstOrDefault(room => tried.Add(room.For)) is { } room)
            {
                var made = await MoveAsync(caller, room.Moves, $"makes room for {room.For}", stayed);
                left -= made.Count;
                rooms.Add(room with { Moves = made });
            }
            List<MoveView> emptied = [];
            if (left > 0)
            {
                foreach (var node in Plan(left).Emptied.GroupBy(move => move.From))
                {
                    if (!node.Any(move => stayed.Contains(move.Lease)))
                    {
                        emptied.AddRange(await MoveAsync(caller, [.. node], "empties its node", stayed));
                    }
                }
            }
            return new RebalanceView(rooms, emptied);
        }
        finally
        {
            _one.Release();
        }
    }

    public void Dispose() => _one.Dispose();

    private RebalanceView Plan(int most)
    {
        lock (state.Gate)
        {
            queue.Serve();
            return views.Rebalance(most);
        }
    }

    // They depend on each other, so the first that fails is the last that is tried.
    private async Task<List<MoveView>> MoveAsync(
        Caller caller,
        IReadOnlyList<MoveView> moves,
        string why,
        HashSet<string> stayed
    )
    {
        List<MoveView> made = [];
        string? failed = moves.FirstOrDefault(move => stayed.Contains(move.Lease))?.Lease;
        foreach (var move in moves)
        {
            if (failed is not null)
            {
                made.Add(move with { Result = $"not tried, because {failed} stays" });
                continue;
            }
            string result = await MoveAsync(caller, move);
            made.Add(move with { Result = result });
            if (result == Moved)
            {
                Tell("move", move, $"{why}: from {move.From} to {move.To}");
            }
            else
            {
                Tell("stay", move, $"was to go to {move.To} ({why}): {result}");
                failed = move.Lease;
                stayed.Add(failed);
            }
        }
        return made;
    }

    private async Task<string> MoveAsync(Caller caller, MoveView move)
    {
        string session;
        lock (state.Gate)
        {
            if (state.SessionsOf(move.Lease) is not [{ Id: var id }, ..])
            {
                return "it has no session that could be moved";
            }
            session = id;
        }
        if (move.To == move.From)
        {
            return "to another device of its node is not possible yet";
        }
        if (move.ToDevices is not [var device])
        {
            return "only sessions of one device go to other nodes";
        }
        try
        {
            await sessions.GoAsync(caller, session, SessionAction.SessionMigrate, move.To, device);
            return Moved;
        }
        catch (ControlException refusal)
        {
            return refusal.Message;
        }
    }

    private void Tell(string kind, MoveView move, string what)
    {
        lock (state.Gate)
        {
            if (books.OfLease(move.Lease) is { } entry)
            {
                events.Add(kind, entry, what);
            }
        }
    }
}
