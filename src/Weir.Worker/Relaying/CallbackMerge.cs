using Weir.Remote;
using Weir.Wire;

namespace Weir.Worker.Relaying;

/// <summary>The client runs host functions of all shards from one queue, in the order in which they come; each shard counts its own.</summary>
internal sealed unsafe class CallbackMerge(RelayedClient client, int shards)
{
    private readonly Lock _gate = new();
    private readonly Queue<int> _order = [];
    private readonly uint[] _done = new uint[shards];
    private uint _tail;
    private uint _head;

    /// <summary>So many entries were queued, and have run, for whoever served the client before.</summary>
    public void GoOn(uint queued) => (_tail, _head) = (queued, queued);

    /// <summary>Another worker has the shard, and counts its own.</summary>
    public void Restart(int shard)
    {
        lock (_gate)
        {
            _done[shard] = 0;
        }
    }

    /// <summary>Has the client run an entry.</summary>
    /// <exception cref="RemoteException">More are open than the queue holds.</exception>
    public void Add(int shard, in CallbackEntry entry)
    {
        lock (_gate)
        {
            _order.Enqueue(shard);
            if (!CallbackQueue.TryAdd(client.Segment, ref _tail, entry))
            {
                throw new RemoteException("workers run more host functions than were posted");
            }
        }
    }

    /// <summary>The client has run more entries than were reported.</summary>
    public bool HasNews => Volatile.Read(ref client.Control->CallbackHead) != _head;

    /// <summary>Takes note of what has run; gives the shards that have to be told, with how many of theirs have run in all.</summary>
    public List<(int Shard, uint Done)> Take()
    {
        lock (_gate)
        {
            uint head = Volatile.Read(ref client.Control->CallbackHead);
            var changed = new HashSet<int>();
            while (_head != head && _order.TryDequeue(out int shard))
            {
                _head++;
                _done[shard]++;
                _ = changed.Add(shard);
            }
            // A client that counts further than there were entries is not followed.
            _head = head;
            return [.. changed.Select(shard => (shard, _done[shard]))];
        }
    }
}
