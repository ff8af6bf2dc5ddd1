using Weir.Devices.Software.Native;

namespace Weir.Devices.Software.Memory.Residency;

/// <summary>
/// Chunks that are not on the device: in host memory up to a limit, the longest there in a file below it. The file has no name:
/// it is gone with the process. Thread-safe; no chunk is used by two threads at a time.
/// </summary>
internal sealed unsafe class HostStore : IDisposable
{
    private const ulong ChunkBytes = ArenaBacking.ChunkBytes;
    private const int MostWarmSlots = 256;
    private const int PunchHole = 3; // FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE
    private const int OpenUnnamed = 0x41_0000; // O_TMPFILE
    private const int ReadWrite = 2;
    private const int CloseOnExec = 0x80000;

    private readonly Lock gate = new();
    private readonly Dictionary<int, int> slots = [];
    private readonly LinkedList<int> order = new();
    private readonly Dictionary<int, LinkedListNode<int>> nodes = [];
    private readonly HashSet<int> inFile = [];
    private readonly Stack<int> free = [];
    private readonly ulong start;
    private readonly ulong reservedBytes;
    private readonly int mostSlots;
    private readonly string? folder;
    private int slotCount;
    private int file = -1;

    /// <param name="chunks">Most chunks that there can be.</param>
    /// <param name="hostBytes">Host memory to use; what is more goes to the file.</param>
    /// <param name="folder">Where the file is made; null: there is none, and host memory has no limit.</param>
    /// <exception cref="OutOfMemoryException">There are no addresses.</exception>
    public HostStore(int chunks, ulong hostBytes, string? folder)
    {
        this.folder = folder;
        mostSlots = (int)Math.Min((ulong)chunks, folder is null ? ulong.MaxValue : Math.Max(1, hostBytes / ChunkBytes));
        reservedBytes = ((ulong)mostSlots + 1) * ChunkBytes;
        const int Flags = LibC.MapPrivate | LibC.MapAnonymous | LibC.MapNoReserve;
        nint reserved = LibC.Map(0, (nuint)reservedBytes, LibC.ProtNone, Flags, -1, 0);
        if (reserved == -1)
        {
            throw new OutOfMemoryException($"cannot reserve {reservedBytes >> 20} MiB of addresses for paged memory");
        }
        Reserved = (ulong)reserved;
        start = (Reserved + ChunkBytes - 1) & ~(ChunkBytes - 1);
    }

    /// <summary>Bytes of chunks in host memory.</summary>
    public ulong HostBytes
    {
        get
        {
            lock (gate)
            {
                return (ulong)slots.Count * ChunkBytes;
            }
        }
    }

    /// <summary>Bytes of chunks in the file.</summary>
    public ulong FileBytes
    {
        get
        {
            lock (gate)
            {
                return (ulong)inFile.Count * ChunkBytes;
            }
        }
    }

    private ulong Reserved { get; }

    /// <summary>Keeps a chunk; false when neither memory nor the file has room.</summary>
    public bool TryPut(int chunk, ulong from)
    {
        lock (gate)
        {
            Forget(chunk);
            int slot = TakeSlot();
            if (slot < 0)
            {
                return false;
            }
            slots.Add(chunk, slot);
            nodes.Add(chunk, order.AddLast(chunk));
            _ = LibC.MoveBytes((void*)AddressOf(slot), (void*)from, (nuint)ChunkBytes);
            return true;
        }
    }

    /// <summary>Gives a chunk's content; it stays kept.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public void Get(int chunk, ulong to)
    {
        lock (gate)
        {
            if (slots.TryGetValue(chunk, out int slot))
            {
                _ = LibC.MoveBytes((void*)to, (void*)AddressOf(slot), (nuint)ChunkBytes);
                return;
            }
            if (!Transfer(chunk, to, isWrite: false))
            {
                throw new IOException("memory that was paged out to a file cannot be read back");
            }
        }
    }

    /// <summary>Keeps a chunk no longer; nothing happens when it is not kept.</summary>
    public void Drop(int chunk)
    {
        lock (gate)
        {
            Forget(chunk);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _ = LibC.Unmap((nint)Reserved, (nuint)reservedBytes);
        if (file >= 0)
        {
            _ = LibC.Close(file);
        }
    }

    private ulong AddressOf(int slot) => start + (ulong)slot * ChunkBytes;

    private void Forget(int chunk)
    {
        if (slots.Remove(chunk, out int slot))
        {
            // A few keep their pages for the next chunk, which is the same session's: new pages would cost as much as the copy.
            if (free.Count >= MostWarmSlots)
            {
                ArenaBacking.Release(AddressOf(slot), AddressOf(slot) + ChunkBytes);
            }
            free.Push(slot);
            _ = nodes.Remove(chunk, out LinkedListNode<int>? node);
            order.Remove(node!);
        }
        else if (inFile.Remove(chunk))
        {
            _ = LibC.Allocate(file, PunchHole, (long)chunk * (long)ChunkBytes, (long)ChunkBytes);
        }
    }

    private int TakeSlot()
    {
        if (free.TryPop(out int slot))
        {
            return slot;
        }
        if (slotCount < mostSlots)
        {
            if (!ArenaBacking.Allow(AddressOf(slotCount), ChunkBytes, wholly: true))
            {
                return -1;
            }
            return slotCount++;
        }
        return Spill() ? free.Pop() : -1;
    }

    // The chunk that has been here longest goes to the file.
    private bool Spill()
    {
        if (order.First is not { } oldest || !OpenFile())
        {
            return false;
        }
        int chunk = oldest.Value;
        int slot = slots[chunk];
        if (!Transfer(chunk, AddressOf(slot), isWrite: true))
        {
            return false;
        }
        Forget(chunk);
        _ = inFile.Add(chunk);
        return true;
    }

    private bool OpenFile()
    {
        if (file < 0 && folder is not null)
        {
            byte[] path = [.. System.Text.Encoding.UTF8.GetBytes(folder), 0];
            fixed (byte* text = path)
            {
                file = LibC.Open(text, OpenUnnamed | ReadWrite | CloseOnExec, 0x180);
            }
        }
        return file >= 0;
    }

    private bool Transfer(int chunk, ulong address, bool isWrite)
    {
        for (ulong done = 0; done < ChunkBytes; )
        {
            long offset = (long)chunk * (long)ChunkBytes + (long)done;
            void* place = (void*)(address + done);
            nint moved = isWrite
                ? LibC.WriteAt(file, place, (nuint)(ChunkBytes - done), offset)
                : LibC.ReadAt(file, place, (nuint)(ChunkBytes - done), offset);
            if (moved <= 0)
            {
                return false;
            }
            done += (ulong)moved;
        }
        return true;
    }
}
