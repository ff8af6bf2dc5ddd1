using Weir.Devices.Software.Native;

namespace Weir.Devices.Software.Memory.Residency;

/// <summary>
/// Which chunks of a session's memory are on its device. What is there costs nothing: kernels touch it as it is. What is not comes
/// when it is touched, by a fault that another thread answers; so whoever touches device memory in this program must do it where
/// the garbage collector need not wait for him (<see cref="LibC.MoveBytes"/>). Thread-safe.
/// </summary>
internal sealed partial class ResidentMemory : IDisposable
{
    private const ulong ChunkBytes = ArenaBacking.ChunkBytes;
    private const int ChunkBits = 21;

    private readonly object gate = new();
    private readonly ulong start;
    private readonly Chunk[] chunks;
    private readonly IArenaShare? share;
    private readonly ResidencyOptions options;
    private readonly Action<string> log;
    private HostStore? store;
    private Pager? pager;
    private bool isPagerRefused;
    private uint epoch = 1;
    private uint clock;
    private bool isTracking;
    private volatile bool isEnding;

    // Chunks from the first to this one may be in use: what walks over all need not look further.
    private int high;

    /// <param name="address">First address, a multiple of a chunk.</param>
    /// <param name="sizeBytes">Size of the range.</param>
    /// <param name="share">The device's memory as its sessions share it; null: there is room for all that is allocated.</param>
    /// <param name="options">What may be used.</param>
    /// <param name="log">Told, in words, what went wrong.</param>
    public ResidentMemory(
        ulong address,
        ulong sizeBytes,
        IArenaShare? share,
        ResidencyOptions options,
        Action<string> log
    )
    {
        start = address;
        chunks = new Chunk[sizeBytes >> ChunkBits];
        this.share = share;
        this.options = options;
        this.log = log;
        share?.Serve(GiveBack);
    }

    /// <summary>What was moved.</summary>
    public ResidencyCounters Counters { get; } = new();

    /// <summary>How writes are found here.</summary>
    public ChangeMethod Changes => EnsurePager()?.Changes ?? ChangeMethod.Hashes;

    /// <summary>Told when memory could not be brought back: what touches it fails.</summary>
    public Action<string>? WhenLost { get; set; }

    /// <summary>Bytes of chunks that are on the device.</summary>
    public ulong ResidentBytes => Count(ChunkState.Present) + Count(ChunkState.Leaving) + Count(ChunkState.Arriving);

    /// <summary>Bytes of chunks that are allocated and not on the device.</summary>
    public ulong AbsentBytes => Count(ChunkState.Absent);

    /// <summary>Opens chunks for use; false when the system refuses, or when they do not fit and cannot be brought later.</summary>
    public bool Open(ulong address, ulong sizeBytes, bool wholly)
    {
        lock (gate)
        {
            bool isThere = share is null || share.TryTake(sizeBytes);
            if (!isThere && EnsurePager() is null)
            {
                log("device memory is taken by other sessions, and this process may not use page faults to share it");
                return false;
            }
            if (!ArenaBacking.Allow(address, sizeBytes, wholly))
            {
                if (isThere)
                {
                    share?.Give(sizeBytes);
                }
                return false;
            }
            isPaging |= !isThere;
            byte modes = isThere ? (byte)0 : pager!.WatchAll(address, sizeBytes);
            if (!isThere && modes == 0)
            {
                ArenaBacking.Forbid(address, sizeBytes);
                return false;
            }
            (int first, int end) = Indices(address, sizeBytes);
            high = Math.Max(high, end);
            for (int index = first; index < end; index++)
            {
                chunks[index] = new Chunk
                {
                    State = isThere ? ChunkState.Present : ChunkState.Absent,
                    Modes = modes,
                    ChangedIn = epoch,
                    Used = ++clock,
                };
            }
            return true;
        }
    }

    /// <summary>Closes chunks: their content is gone.</summary>
    public void Close(ulong address, ulong sizeBytes)
    {
        lock (gate)
        {
            (int first, int end) = Indices(address, sizeBytes);
            ulong given = 0;
            for (int index = first; index < end; index++)
            {
                Settle(index, isUnpinned: true);
                given += chunks[index].State == ChunkState.Present ? ChunkBytes : 0;
                if (chunks[index].Origin == ChunkOrigin.Host)
                {
                    store?.Drop(index);
                }
                chunks[index] = default;
            }
            ArenaBacking.Forbid(address, sizeBytes);
            if (given > 0)
            {
                share?.Give(given);
            }
        }
    }

    /// <summary>Opens what faults need; null when the system does not have it.</summary>
    public Pager? EnsurePager()
    {
        lock (gate)
        {
            if (pager is null && !isPagerRefused)
            {
                pager = Pager.Open(options, OnFault);
                isPagerRefused = pager is null;
            }
            return pager;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        isEnding = true;
        StopLoading();
        StopBringing();
        Pager? used;
        lock (gate)
        {
            used = pager;
            isPagerRefused = true;
            ulong held = 0;
            for (int index = 0; index < high; index++)
            {
                held += chunks[index].State == ChunkState.Present ? ChunkBytes : 0;
                chunks[index] = default;
            }
            ArenaBacking.Forbid(start, (ulong)chunks.Length << ChunkBits);
            share?.Give(held);
        }
        used?.Dispose();
        store?.Dispose();
        faultStaging?.Dispose();
        giveStaging?.Dispose();
    }

    private ulong AddressOf(int index) => start + ((ulong)index << ChunkBits);

    private (int First, int End) Indices(ulong address, ulong sizeBytes) =>
        ((int)((address - start) >> ChunkBits), (int)((address + sizeBytes - start + ChunkBytes - 1) >> ChunkBits));

    private ulong Count(ChunkState state)
    {
        lock (gate)
        {
            ulong bytes = 0;
            for (int index = 0; index < high; index++)
            {
                bytes += chunks[index].State == state ? ChunkBytes : 0;
            }
            return bytes;
        }
    }

    // Under the gate: waits until the chunk is on no way, and when asked nobody holds it.
    private void Settle(int index, bool isUnpinned = false)
    {
        while (
            chunks[index].State is ChunkState.Arriving or ChunkState.Leaving || (isUnpinned && chunks[index].Pins > 0)
        )
        {
            Monitor.Wait(gate);
        }
    }
}
