using Weir.Remote;
using Weir.Remote.Control;
using Weir.Remote.Leases;
using Weir.Remote.Workers;
using Weir.Worker.Logging;

namespace Weir.Worker.Leasing;

/// <summary>
/// Sessions that go to another node: passes between the agent, who decides, and the program's relay, who changes over. What the relay said last is said
/// again to an agent that comes back.
/// </summary>
/// <param name="lease">The ticket.</param>
/// <param name="relays">The relays.</param>
/// <param name="replace">Puts one holder in the place of another, when the session has moved.</param>
internal sealed class LeaseMoves(LeaseTicket lease, RelayPool relays, Action<ShardHolder, ShardHolder> replace)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Move> _moves = [];

    private sealed class Move(ShardHolder from)
    {
        public ShardHolder From => from;

        public ShardHolder? To { get; set; }

        /// <summary>The relay takes the client over from a worker of this node.</summary>
        public bool IsTaking { get; set; }

        public ControlMessage? LastWord { get; set; }

        public bool HasMoved { get; set; }

        /// <summary>The lease's part on the other node is being held.</summary>
        public Task? Held { get; set; }

        /// <summary>Nothing comes of it any more.</summary>
        public bool IsOver { get; set; }
    }

    /// <summary>A holder whose agent may move sessions away from it.</summary>
    public void Watch(ShardHolder holder)
    {
        holder.Moving = (message, descriptors) => Hear(holder, message, descriptors);
        holder.Returned = () => Repeat(holder);
        relays.Said = Said;
    }

    private void Hear(ShardHolder holder, ControlMessage message, int[] descriptors)
    {
        switch (message)
        {
            case MoveComing coming:
                // Connecting takes longer than the program should wait; so does starting a relay.
                var soon = new Move(holder);
                lock (_gate)
                {
                    _moves[coming.Session] = soon;
                }
                soon.Held = Task.Run(() => Hold(soon, coming.Epoch, coming.Shard));
                relays.Prepare();
                return;
            case MoveSession move:
                Move begun;
                lock (_gate)
                {
                    begun =
                        _moves.GetValueOrDefault(move.Session) is { HasMoved: false } known && known.From == holder
                            ? known
                            : new Move(holder);
                    begun.IsTaking = descriptors[^1] >= 0;
                    _moves[move.Session] = begun;
                }
                // The other node may have to be waited for, which the channel must not.
                new Thread(() => Begin(begun, move, descriptors)) { IsBackground = true, Name = "weir-move" }.Start();
                return;
            case MoveDecided { Moves: false } decided when Find(decided.Session) is { HasMoved: false }:
                _ = relays.Tell(decided.Session, WorkerMessage.MoveOff);
                Forget(decided.Session);
                return;
            case MoveDecided decided when Find(decided.Session) is { HasMoved: false } known:
                if (!relays.Tell(decided.Session, WorkerMessage.MoveOn))
                {
                    Answer(decided.Session, known, "its relay has ended");
                }
                return;
            case MoveDecided decided when Find(decided.Session) is null:
                _ = holder.Tell(new MoveReady(decided.Session, "nothing is known of its move"));
                return;
            case SessionEnded ended when Find(ended.Session) is { HasMoved: true } known:
                // The agent has heard it.
                Forget(ended.Session);
                known.From.Leave();
                return;
        }
    }

    private void Begin(Move begun, MoveSession move, int[] descriptors)
    {
        try
        {
            (begun.Held ??= Task.Run(() => Hold(begun, move.Epoch, move.Shard))).GetAwaiter().GetResult();
            var order = new RelayMove(new RelayedShard(move.Shard.Address, move.Offer), move.State);
            if (begun.IsTaking)
            {
                relays.Take(move.Session, order, descriptors);
                begun.From.Changed();
            }
            else if (!relays.Tell(move.Session, WorkerMessage.Move, order))
            {
                throw new IOException("there is no relay of it here");
            }
        }
        catch (Exception failure) when (failure is IOException or RemoteException)
        {
            Answer(move.Session, begun, failure.Message);
        }
        finally
        {
            foreach (int descriptor in descriptors.Where(descriptor => descriptor >= 0))
            {
                _ = Posix.Libc.close(descriptor);
            }
        }
    }

    private void Hold(Move move, long epoch, ShardTicket shard)
    {
        var target = new ShardHolder(lease with { Epoch = epoch }, shard) { Changed = move.From.Changed };
        target.Hold();
        lock (_gate)
        {
            move.To = target;
            if (!move.IsOver)
            {
                return;
            }
        }
        target.Leave();
    }

    private void Said(string session, byte kind, string text)
    {
        if (Find(session) is not { HasMoved: false } move)
        {
            return;
        }
        switch (kind)
        {
            case WorkerMessage.MoveReady when text.Length == 0:
                Answer(session, move, null);
                break;
            case WorkerMessage.Moved:
                move.HasMoved = true;
                move.From.IsLeft = true;
                Watch(move.To!);
                replace(move.From, move.To!);
                Say(move, new SessionMoved(session));
                break;
            default:
                Answer(session, move, text);
                break;
        }
    }

    // Ready, or not to be done: then nothing is left of it here.
    private void Answer(string session, Move move, string? reason)
    {
        Say(move, new MoveReady(session, reason));
        if (reason is not null)
        {
            Log.Error($"session {session} does not move: {reason}");
            if (move.IsTaking)
            {
                _ = relays.Tell(session, WorkerMessage.MoveOff);
            }
            Forget(session);
        }
    }

    private static void Say(Move move, ControlMessage message)
    {
        move.LastWord = message;
        _ = move.From.Tell(message);
    }

    private void Repeat(ShardHolder holder)
    {
        lock (_gate)
        {
            foreach (Move move in _moves.Values.Where(move => move.From == holder && move.LastWord is not null))
            {
                _ = holder.Tell(move.LastWord!);
            }
        }
    }

    private Move? Find(string session)
    {
        lock (_gate)
        {
            return _moves.GetValueOrDefault(session);
        }
    }

    private void Forget(string session)
    {
        Move? move;
        lock (_gate)
        {
            _ = _moves.Remove(session, out move);
            if (move is not null)
            {
                move.IsOver = true;
            }
        }
        if (move is { HasMoved: false, To: { } target })
        {
            target.Leave();
        }
    }
}
