namespace Weir.Devices.Software.Handles;

/// <summary>
/// Handles of one kind: numbers with a generation, so that one used after its object is gone is refused and never
/// mistaken for a newer object. Look-ups take no lock.
/// </summary>
/// <param name="kind">What the handles name; part of their value, 1 to 15.</param>
internal sealed class HandleTable<T>(int kind)
    where T : class
{
    private const int KindShift = 52;
    private const int GenerationShift = 32;
    private const int IndexShift = 4;
    private const int GenerationMask = 0xfffff;
    private const int IndexMask = 0xfffffff;

    private readonly Lock gate = new();
    private readonly Stack<int> free = [];
    private volatile Entry[] entries = new Entry[16];
    private int count;

    /// <summary>Live objects.</summary>
    public IReadOnlyList<T> All
    {
        get
        {
            lock (gate)
            {
                return [.. entries.Select(entry => entry?.Value).OfType<T>()];
            }
        }
    }

    /// <summary>Gives an object a handle.</summary>
    public nint Add(T value)
    {
        lock (gate)
        {
            if (!free.TryPop(out int index))
            {
                index = count++;
                if (index == entries.Length)
                {
                    Entry[] grown = new Entry[entries.Length * 2];
                    entries.CopyTo(grown, 0);
                    entries = grown;
                }
            }
            int generation = ((entries[index]?.Generation ?? 0) + 1) & GenerationMask;
            entries[index] = new Entry(generation, value);
            return (nint)(
                ((long)kind << KindShift) | ((long)generation << GenerationShift) | ((long)index << IndexShift)
            );
        }
    }

    /// <summary>The object of a handle, or null when it is none of this kind or its object is gone.</summary>
    public T? Find(nint handle)
    {
        int index = (int)((long)handle >> IndexShift) & IndexMask;
        Entry[] all = entries;
        return index < all.Length && all[index] is { } entry && IsOf(handle, entry) ? entry.Value : null;
    }

    /// <summary>Ends a handle; returns its object, or null when it was none.</summary>
    public T? Remove(nint handle)
    {
        lock (gate)
        {
            T? value = Find(handle);
            if (value is not null)
            {
                int index = (int)((long)handle >> IndexShift) & IndexMask;
                entries[index] = new Entry(entries[index].Generation, null);
                free.Push(index);
            }
            return value;
        }
    }

    private bool IsOf(nint handle, Entry entry) =>
        ((long)handle & 0xf) == 0
        && (long)handle >> KindShift == kind
        && ((int)((long)handle >> GenerationShift) & GenerationMask) == entry.Generation;

    private sealed record Entry(int Generation, T? Value);
}
