namespace Weir.Scheduling.Cluster;

/// <summary>
/// Placements by slot. Freed slots are used again, last freed first, so that taking back the last change gives exactly
/// the table before it.
/// </summary>
internal sealed class PlacementTable
{
    private readonly List<int> free = [];
    private PlacedTask[] placements = new PlacedTask[64];
    private bool[] used = new bool[64];

    /// <summary>Slots that were ever used.</summary>
    public int Slots { get; private set; }

    /// <summary>Placements that exist now.</summary>
    public int Count => Slots - free.Count;

    /// <summary>True when the slot holds a placement.</summary>
    public bool Has(int slot) => (uint)slot < (uint)Slots && used[slot];

    public PlacedTask Get(int slot) =>
        Has(slot) ? placements[slot] : throw new InvalidOperationException($"there is no placement in slot {slot}");

    /// <summary>Keeps a placement.</summary>
    /// <param name="placement">The placement.</param>
    /// <param name="fresh">True when the slot was never used before.</param>
    /// <returns>Its slot.</returns>
    public int Add(in PlacedTask placement, out bool fresh)
    {
        int slot;
        fresh = free.Count == 0;
        if (!fresh)
        {
            slot = free[^1];
            free.RemoveAt(free.Count - 1);
        }
        else
        {
            slot = Slots++;
            if (slot == used.Length)
            {
                Array.Resize(ref placements, 2 * slot);
                Array.Resize(ref used, 2 * slot);
            }
        }
        placements[slot] = placement;
        used[slot] = true;
        return slot;
    }

    public PlacedTask Remove(int slot)
    {
        PlacedTask placement = Get(slot);
        used[slot] = false;
        free.Add(slot);
        return placement;
    }

    /// <summary>Takes back the last <see cref="Add"/>, which had answered <paramref name="fresh"/>.</summary>
    public PlacedTask UndoAdd(int slot, bool fresh)
    {
        PlacedTask placement = Get(slot);
        used[slot] = false;
        if (fresh)
        {
            Slots--;
        }
        else
        {
            free.Add(slot);
        }
        return placement;
    }

    /// <summary>Takes back the last <see cref="Remove"/>.</summary>
    public void UndoRemove(int slot, in PlacedTask placement)
    {
        free.RemoveAt(free.Count - 1);
        placements[slot] = placement;
        used[slot] = true;
    }
}
