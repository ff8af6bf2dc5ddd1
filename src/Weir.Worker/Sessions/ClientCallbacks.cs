using Weir.Wire;

namespace Weir.Worker.Sessions;

/// <summary>Has the client run its host functions, in order, through the callback queue.</summary>
internal sealed unsafe class ClientCallbacks(Session session)
{
    private const int SpinsBeforeSleep = 200;
    private readonly Lock _gate = new();
    private uint _tail;

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
