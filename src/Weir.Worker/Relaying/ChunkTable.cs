using System.Runtime.InteropServices;
using Weir.Remote;
using Weir.Remote.Sessions;
using Weir.Wire;

namespace Weir.Worker.Relaying;

/// <summary>
/// The chunks that are under way: who will get what the worker sends, and which of the relay's own are free. Those are lent to copies of
/// page-locked memory, a piece of at most <see cref="RemoteChunks.HostBytes"/> each.
/// </summary>
internal sealed unsafe class ChunkTable(RelayedClient client, int shards)
{
    private readonly object _gate = new();
    private readonly Use[] _uses = new Use[RemoteChunks.Count];
    private readonly byte*[] _packed = new byte*[RemoteChunks.HostCount];

    // The one that was returned last goes first: its memory is still in the caches, here and at the worker.
    private readonly Stack<uint> _free = new(
        Enumerable
            .Range((int)RemoteChunks.FirstHost, (int)RemoteChunks.HostCount)
            .Reverse()
            .Select(number => (uint)number)
    );
    private readonly ulong[] _hostArrived = new ulong[shards];
    private bool _hasEnded;

    private struct Use
    {
        /// <summary>Bytes that the worker will send; 0 when it sends none.</summary>
        public uint Expected;

        /// <summary>Where they go; null for the client's staging.</summary>
        public byte* Target;

        /// <summary>Rows to spread them over, when they are not one piece.</summary>
        public uint Width;
        public ulong Pitch;

        /// <summary>One of the relay's own that is lent.</summary>
        public bool IsLent;

        /// <summary>The worker that it is for.</summary>
        public int Shard;
    }

    /// <summary>Pieces for the relay's own chunks that have come from a worker.</summary>
    public ulong HostArrived(int shard) => Volatile.Read(ref _hostArrived[shard]);

    /// <summary>Nothing is under way.</summary>
    public bool IsQuiet
    {
        get
        {
            lock (_gate)
            {
                return !_uses.Any(use => use.IsLent || use.Expected > 0);
            }
        }
    }

    /// <summary>Another worker has the shard, and counts its own.</summary>
    public void Restart(int shard)
    {
        lock (_gate)
        {
            Volatile.Write(ref _hostArrived[shard], 0);
        }
    }

    /// <summary>Waits until lent chunks have been answered for; false when the session has ended.</summary>
    public bool AwaitReturn(ReadOnlySpan<uint> lent)
    {
        lock (_gate)
        {
            foreach (uint chunk in lent)
            {
                while (!_hasEnded && _uses[chunk].IsLent)
                {
                    _ = Monitor.Wait(_gate);
                }
            }
            return !_hasEnded;
        }
    }

    /// <summary>The worker will fill a chunk of the client's staging; false when there is no such range.</summary>
    public bool Expect(int shard, ulong chunk, ulong bytes)
    {
        if (chunk >= RemoteChunks.FirstHost || !RemoteChunks.TryRange(chunk, bytes, out _) || bytes > uint.MaxValue)
        {
            return false;
        }
        lock (_gate)
        {
            _uses[chunk] = new Use { Expected = (uint)bytes, Shard = shard };
        }
        return true;
    }

    /// <summary>One of the relay's own chunks; waits for one. False when the session has ended.</summary>
    public bool TryLend(int shard, out uint chunk)
    {
        lock (_gate)
        {
            while (!_hasEnded && _free.Count == 0)
            {
                _ = Monitor.Wait(_gate);
            }
            chunk = 0;
            if (_hasEnded)
            {
                return false;
            }
            chunk = _free.Pop();
            _uses[chunk] = new Use { IsLent = true, Shard = shard };
            return true;
        }
    }

    /// <summary>The worker will fill a lent chunk, with rows that go to <paramref name="target"/>.</summary>
    public void ExpectRows(uint chunk, byte* target, uint width, ulong pitch, uint rows)
    {
        lock (_gate)
        {
            _uses[chunk] = new Use
            {
                IsLent = true,
                Shard = _uses[chunk].Shard,
                Expected = width * rows,
                Target = target,
                Width = pitch == width || rows == 1 ? width * rows : width,
                Pitch = pitch,
            };
        }
    }

    /// <summary>Memory of the relay's own behind a lent chunk, for rows that have to be packed.</summary>
    public byte* Packed(uint chunk)
    {
        ref byte* memory = ref _packed[chunk - RemoteChunks.FirstHost];
        if (memory == null)
        {
            memory = (byte*)NativeMemory.AlignedAlloc(RemoteChunks.HostBytes, 4096);
        }
        return memory;
    }

    /// <summary>Where what comes for a chunk is to be read to.</summary>
    /// <exception cref="RemoteException">Nothing of that size is expected for it.</exception>
    public byte* Place(int shard, uint chunk, uint bytes)
    {
        lock (_gate)
        {
            if (
                chunk >= RemoteChunks.Count
                || bytes == 0
                || _uses[chunk].Expected != bytes
                || _uses[chunk].Shard != shard
            )
            {
                throw new RemoteException("the worker sent data that nobody asked for");
            }
            ref Use use = ref _uses[chunk];
            return !use.IsLent ? SegmentLayout.Chunk(client.Segment, (int)chunk)
                : use.Width == use.Expected ? use.Target
                : Packed(chunk);
        }
    }

    /// <summary>What was expected has come whole.</summary>
    public void Arrived(uint chunk)
    {
        Use use;
        lock (_gate)
        {
            use = _uses[chunk];
            _uses[chunk].Expected = 0;
        }
        if (!use.IsLent)
        {
            StagingChunk.Complete(SegmentLayout.ChunkWord(client.Segment, (int)chunk), StagingChunk.Ready);
            return;
        }
        if (use.Width != use.Expected)
        {
            byte* from = Packed(chunk);
            for (ulong row = 0; row < use.Expected / use.Width; row++)
            {
                Buffer.MemoryCopy(from + row * use.Width, use.Target + row * use.Pitch, use.Width, use.Width);
            }
        }
        Return(chunk, hasCome: true);
    }

    /// <summary>The worker has done with a chunk without sending anything.</summary>
    /// <exception cref="RemoteException">There is no such chunk.</exception>
    public void Done(int shard, uint chunk, uint state)
    {
        if (chunk >= RemoteChunks.Count || state > StagingChunk.Failed)
        {
            throw new RemoteException("the worker has done with a chunk that does not exist");
        }
        bool isLent;
        lock (_gate)
        {
            isLent = _uses[chunk].IsLent;
            if (isLent && _uses[chunk].Shard != shard)
            {
                throw new RemoteException("a worker has done with a chunk of another");
            }
            _uses[chunk].Expected = 0;
        }
        if (isLent)
        {
            // A piece that failed is not counted at the worker either: it counts what it sends.
            Return(chunk, hasCome: false);
        }
        else if (chunk < RemoteChunks.FirstHost)
        {
            StagingChunk.Complete(SegmentLayout.ChunkWord(client.Segment, (int)chunk), state);
        }
    }

    /// <summary>Nobody waits any more.</summary>
    public void End()
    {
        lock (_gate)
        {
            _hasEnded = true;
            Monitor.PulseAll(_gate);
        }
    }

    private void Return(uint chunk, bool hasCome)
    {
        lock (_gate)
        {
            int shard = _uses[chunk].Shard;
            if (hasCome)
            {
                Volatile.Write(ref _hostArrived[shard], _hostArrived[shard] + 1);
            }
            _uses[chunk] = default;
            _free.Push(chunk);
            Monitor.PulseAll(_gate);
        }
    }
}
