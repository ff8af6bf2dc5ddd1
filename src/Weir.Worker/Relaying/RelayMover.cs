using System.Runtime.InteropServices;
using System.Text;
using Weir.Posix;
using Weir.Remote;
using Weir.Remote.Links;
using Weir.Remote.Sessions;
using Weir.Remote.Workers;
using Weir.Worker.Logging;

namespace Weir.Worker.Relaying;

/// <summary>
/// Takes a client to another worker, in two steps: first that worker is joined, and the broker told so; when the broker says so, it is told to begin.
/// No record goes there before it has answered that it has begun, and the broker is told before one does: whatever dies, it can be said who has the
/// session.
/// </summary>
/// <param name="control">The socket to the broker.</param>
/// <param name="engine">What carries the client's calls.</param>
/// <param name="begin">Done when the other worker has the session, before it gets a record.</param>
internal sealed unsafe class RelayMover(int control, RelayEngine engine, Action begin) : ILinkReceiver
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(25);

    private readonly Lock _gate = new();
    private (Link Calls, Link Bulk)? _next;
    private ushort _awaited;

    /// <summary>Joins another worker; returns at once, and tells the broker what became of it.</summary>
    /// <param name="move">Where it is.</param>
    /// <param name="isServing">A worker on another node has the client now, and must have come to rest.</param>
    public void Prepare(RelayMove move, bool isServing) =>
        new Thread(() =>
        {
            lock (_gate)
            {
                Drop();
                Answer(Join(move, isServing));
            }
        })
        {
            IsBackground = true,
            Name = "weir-move",
        }.Start();

    /// <summary>The session is the other worker's; returns at once.</summary>
    public void Decide() =>
        new Thread(() =>
        {
            lock (_gate)
            {
                Begin();
            }
        })
        {
            IsBackground = true,
            Name = "weir-move",
        }.Start();

    /// <summary>The worker before goes on; the other one is not needed.</summary>
    public void GiveUp()
    {
        lock (_gate)
        {
            Drop();
        }
    }

    byte* ILinkReceiver.Place(in FrameHeader header, ReadOnlySpan<byte> head) =>
        throw new RemoteException("bulk came before the session began");

    void ILinkReceiver.Arrived(in FrameHeader header, ReadOnlySpan<byte> head, byte* data)
    {
        if (header.Kind != _awaited)
        {
            throw new RemoteException("the worker does not answer as one that is joined");
        }
        _awaited = 0;
    }

    private string? Join(RelayMove move, bool isServing)
    {
        if (isServing && !engine.AwaitQuiet(s_patience))
        {
            return "the session has not come to rest";
        }
        (Link calls, Link bulk) = RelayProcess.Links(move.Target);
        try
        {
            calls.Open();
            var head = new JoinHead { LostCalls = move.State.LostCalls ? 1u : 0 };
            calls.Send(FrameKind.Join, MemoryMarshal.AsBytes(new ReadOnlySpan<JoinHead>(in head)));
            if (!TryAwait(calls, FrameKind.Joined))
            {
                return $"the other worker has gone: {calls.Ended}";
            }
            _next = (calls, bulk);
            return null;
        }
        catch (Exception failure) when (failure is IOException or RemoteException)
        {
            calls.End(failure.Message);
            return failure.Message;
        }
    }

    private void Begin()
    {
        if (_next is not { } next)
        {
            Answer("the session goes on where it was");
            return;
        }
        next.Calls.Send(FrameKind.Begin, []);
        if (!TryAwait(next.Calls, FrameKind.Begun))
        {
            _next = null;
            Answer($"the other worker has gone: {next.Calls.Ended}");
            return;
        }
        _next = null;
        // Before anything is sent to it.
        _ = UnixSocket.Send(control, [WorkerMessage.Moved]);
        begin();
        engine.GoOnWith(next.Calls, next.Bulk);
    }

    private bool TryAwait(Link calls, ushort kind)
    {
        _awaited = kind;
        while (_awaited != 0)
        {
            if (!calls.Receive(this))
            {
                return false;
            }
        }
        return true;
    }

    private void Drop()
    {
        if (_next is { } next)
        {
            _next = null;
            next.Calls.Send(FrameKind.Goodbye, []);
            next.Calls.Drain(TimeSpan.FromSeconds(1));
            next.Calls.End("the session goes on where it was");
        }
    }

    private void Answer(string? reason)
    {
        if (reason is not null)
        {
            Log.Error($"the session stays where it is: {reason}");
        }
        _ = UnixSocket.Send(control, [WorkerMessage.MoveReady, .. Encoding.UTF8.GetBytes(reason ?? "")]);
    }
}
