using Weir.Devices.Software.Contexts;
using Weir.Devices.Software.Native;
using Weir.Kernels.Abi;

namespace Weir.Devices.Software.Textures;

/// <summary>
/// The descriptors that kernels read. A destroyed one stays valid for the launches that were made before, as programs
/// destroy a texture object right behind the launch that uses it; its entry is used again once the device is idle.
/// </summary>
internal sealed unsafe class TextureTable : IDisposable
{
    private const int Capacity = 1 << 20;

    private readonly Lock gate = new();
    private readonly Stack<int> free = [];
    private readonly List<int> retired = [];
    private DeviceContext?[] owners = new DeviceContext?[64];
    private int count;
    private ulong? placed;

    /// <summary>Reserves the table; its pages come with use.</summary>
    public TextureTable()
    {
        nint start = LibC.Map(
            0,
            (nuint)(Capacity * sizeof(TextureDescriptor)),
            LibC.ProtRead | LibC.ProtWrite,
            LibC.MapPrivate | LibC.MapAnonymous | LibC.MapNoReserve,
            -1,
            0
        );
        if (start == -1)
        {
            throw new OutOfMemoryException("cannot reserve the texture table");
        }
        Descriptors = (TextureDescriptor*)start;
    }

    /// <summary>The descriptors; an unused one has Base 0.</summary>
    public TextureDescriptor* Descriptors { get; }

    /// <summary>Entries that have ever been used.</summary>
    public int Count => Volatile.Read(ref count);

    /// <summary>Live texture objects.</summary>
    public int Live
    {
        get
        {
            lock (gate)
            {
                return count - free.Count - retired.Count;
            }
        }
    }

    /// <summary>Makes a texture object.</summary>
    /// <param name="descriptor">What kernels read.</param>
    /// <param name="owner">Context it belongs to.</param>
    /// <param name="isDeviceIdle">Whether no launch is under way.</param>
    /// <returns>Its handle, or 0 when the table is full.</returns>
    public ulong Add(in TextureDescriptor descriptor, DeviceContext owner, bool isDeviceIdle)
    {
        lock (gate)
        {
            if (isDeviceIdle)
            {
                foreach (int index in retired)
                {
                    Descriptors[index] = default;
                    free.Push(index);
                }
                retired.Clear();
            }
            int entry = TakeEntry();
            if (entry < 0)
            {
                return 0;
            }
            Descriptors[entry] = descriptor;
            while (entry >= owners.Length)
            {
                Array.Resize(ref owners, owners.Length * 2);
            }
            owners[entry] = owner;
            count = Math.Max(count, entry + 1);
            return ((ulong)KernelAbi.TextureHandleTag << 32) | (uint)entry;
        }
    }

    /// <summary>Ends a texture object; false when the handle is none.</summary>
    public bool Remove(ulong handle)
    {
        lock (gate)
        {
            if (!IsLive(handle))
            {
                return false;
            }
            owners[(int)(uint)handle] = null;
            retired.Add((int)(uint)handle);
            return true;
        }
    }

    /// <summary>Ends all texture objects of a context.</summary>
    public void RemoveAll(DeviceContext owner)
    {
        lock (gate)
        {
            for (int entry = 0; entry < count; entry++)
            {
                if (owners[entry] == owner)
                {
                    owners[entry] = null;
                    retired.Add(entry);
                }
            }
        }
    }

    /// <summary>Reads the descriptor of a live texture object.</summary>
    public bool TryRead(ulong handle, out TextureDescriptor descriptor)
    {
        lock (gate)
        {
            bool found = IsLive(handle);
            descriptor = found ? Descriptors[(uint)handle] : default;
            return found;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _ = LibC.Unmap((nint)Descriptors, (nuint)(Capacity * sizeof(TextureDescriptor)));

    /// <summary>The number that the next texture object gets; nothing else is promised about it.</summary>
    public void Place(ulong handle)
    {
        lock (gate)
        {
            placed = handle;
        }
    }

    // The entry of the next object, or -1 when the table is full or the wanted one is taken.
    private int TakeEntry()
    {
        if (placed is not { } wanted)
        {
            return free.TryPop(out int known) ? known
                : count < Capacity ? count
                : -1;
        }
        placed = null;
        int entry = (int)(uint)wanted;
        if (wanted >> 32 != KernelAbi.TextureHandleTag || (uint)entry >= Capacity)
        {
            return -1;
        }
        if (entry < count)
        {
            int[] others = [.. free.Reverse().Where(one => one != entry)];
            if (others.Length == free.Count)
            {
                return -1;
            }
            free.Clear();
            Array.ForEach(others, free.Push);
            return entry;
        }
        for (int skipped = count; skipped < entry; skipped++)
        {
            free.Push(skipped);
        }
        return entry;
    }

    private bool IsLive(ulong handle) =>
        handle >> 32 == KernelAbi.TextureHandleTag && (uint)handle < count && owners[(int)(uint)handle] is not null;
}
