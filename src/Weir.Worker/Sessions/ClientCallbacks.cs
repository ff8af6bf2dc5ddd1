using Weir.Wire;

namespace Weir.Worker.Sessions;

/// <summary>Has the client run its host functions, in order, through the callback queue.</summary>
internal sealed unsafe class ClientCallbacks(Session session)
{
    private const int SpinsBeforeSleep = 200;
    private readonly Lock _gate = new();
    private uint _tail;
    private int _pending;

    /// <summary>Host functions are waiting on streams, or for the client to run them: whoever waits for those streams waits for the client.</summary>
    public bool HasPending => Volatile.Read(ref _pending) > 0;

    /// <summary>Entries queued so far, modulo 2^32.</summary>
    public uint Queued
    {
        get => _tail;
        set => _tail = value;
    }

    /// <summary>A host function is put on a stream; <see cref="End"/> follows.</summary>
    public void Begin() => _ = Interlocked.Increment(ref _pending);

    /// <summary>It has run, or will not.</summary>
    public void End() => _ = Interlocked.Decrement(ref _pending);

    /// <summary>Queues an entry and returns when the client has run it. On a thread of the device: its stream waits.</summary>
    public void Run(in CallbackEntry entry)
    {
        uint position = Post(entry);
        // The client says that it is done by a word in shared memory and the dispatcher's bell, which this thread does
        // not hear: short sleeps are exact enough for host functions.
        var wait = new SpinWait();
        while (!CallbackQueue.IsDone(session.Segment, position) && !session.HasEnded)
        {
            wait.SpinOnce(SpinsBeforeSleep);
        }
    }

    /// <summary>Queues an entry; its position.</summary>
    public uint Post(in CallbackEntry entry)
    {
        lock (_gate)
        {
            uint position = _tail;
            while (!CallbackQueue.TryAdd(session.Segment, ref _tail, entry) && !session.HasEnded)
            {
                Thread.Sleep(1);
            }
            session.Remote?.Callback(entry);
            return position;
        }
    }
}
