using Weir.Posix;
using Weir.Remote.Sessions;

namespace Weir.Worker.Remote;

/// <summary>
/// Memory behind the chunks of a client on another node, and which of them hold what a record will read. A record may come before its
/// chunk: they travel on different links.
/// </summary>
internal sealed unsafe class RemoteStaging
{
    private const int ShortSpins = 100;

    private readonly object _gate = new();
    private readonly bool[] _hasArrived = new bool[RemoteChunks.Count];
    private readonly byte* _memory;
    private bool _hasEnded;

    /// <exception cref="OutOfMemoryException">There is no room for it.</exception>
    public RemoteStaging()
    {
        nint mapped = Libc.mmap(
            0,
            (nuint)RemoteChunks.TotalBytes,
            Libc.PROT_READ | Libc.PROT_WRITE,
            Libc.MAP_PRIVATE | Libc.MAP_ANONYMOUS | Libc.MAP_NORESERVE,
            -1,
            0
        );
        _memory = mapped == -1 ? throw new OutOfMemoryException("no memory for staging") : (byte*)mapped;
    }

    /// <summary>Where a range that begins with a chunk lies; false when there is none such.</summary>
    public bool TryRange(ulong chunk, ulong bytes, out byte* data)
    {
        bool fits = RemoteChunks.TryRange(chunk, bytes, out long offset);
        data = fits ? _memory + offset : null;
        return fits;
    }

    /// <summary>The chunk holds data that no record has read yet.</summary>
    public bool HasArrived(uint chunk) => Volatile.Read(ref _hasArrived[chunk]);

    /// <summary>The chunk's data is there.</summary>
    public void NoteArrived(uint chunk)
    {
        lock (_gate)
        {
            Volatile.Write(ref _hasArrived[chunk], true);
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>As <see cref="Take"/>, but does not wait for longer than a fast link needs; false when the data is not there then.</summary>
    public bool TryTake(ulong chunk)
    {
        for (int spin = 0; spin < ShortSpins && !HasArrived((uint)chunk); spin++)
        {
            _ = Libc.sched_yield();
        }
        lock (_gate)
        {
            bool arrived = _hasArrived[chunk];
            _hasArrived[chunk] = false;
            return arrived;
        }
    }

    /// <summary>Waits for a chunk's data, which counts as read from then on; false when the session ended meanwhile.</summary>
    public bool Take(ulong chunk)
    {
        lock (_gate)
        {
            while (!_hasArrived[chunk] && !_hasEnded)
            {
                _ = Monitor.Wait(_gate);
            }
            bool arrived = _hasArrived[chunk];
            _hasArrived[chunk] = false;
            return arrived;
        }
    }

    /// <summary>Nothing will arrive any more.</summary>
    public void End()
    {
        lock (_gate)
        {
            _hasEnded = true;
            Monitor.PulseAll(_gate);
        }
    }
}
