using System.Numerics;

namespace Weir.Scheduling.Cluster;

/// <summary>
/// What is promised on every node and device, in arrays indexed by node and device, with a journal that takes changes
/// back. Not safe for several threads.
/// </summary>
/// <remarks>
/// Free amounts are kept, not used ones. Derived figures (<see cref="FreeMilli"/>, <see cref="WholeFree"/>,
/// <see cref="LargestFree"/>) follow every change of a node; <see cref="ClusterAudit"/> rebuilds all from nothing and compares.
/// </remarks>
public sealed class ClusterState
{
    internal readonly int[] cpuFree;
    internal readonly int[] memoryFree;
    internal readonly int[] firstDevice;
    internal readonly int[] deviceFree;
    internal readonly int[] deviceMemoryFree;
    internal readonly int[] freeMilli;
    internal readonly int[] wholeFree;
    internal readonly int[] largestFree;
    internal readonly int[] tasks;
    internal readonly int[] model;
    internal readonly int[] pool;
    internal readonly bool[] closed;
    internal readonly ulong[] usable;
    internal readonly short[] tagCounts;

    /// <summary>Kinds of device use that are counted per node: a fraction (0), or 1 … 8 devices; more count as 8.</summary>
    internal const int TagCount = 9;

    private readonly NodeConfig[] nodes;
    private readonly ChangeLog changes;
    private readonly int[] masked;
    private readonly PlacementTable placements = new();
    private readonly List<JournalEntry> journal = [];
    private readonly List<IReadOnlyDictionary<int, ulong>> allowed = [];

    /// <summary>An empty cluster of these nodes, in this order; the order decides between equal scores.</summary>
    /// <exception cref="ArgumentException">A node has senseless amounts or a name twice.</exception>
    public ClusterState(IReadOnlyList<NodeConfig> nodes, NameTable models)
    {
        this.nodes = [.. nodes];
        Models = models;
        int count = this.nodes.Length;
        cpuFree = new int[count];
        memoryFree = new int[count];
        firstDevice = new int[count + 1];
        model = new int[count];
        pool = new int[count];
        tasks = new int[count];
        closed = new bool[count];
        usable = new ulong[count];
        Array.Fill(usable, ulong.MaxValue);
        tagCounts = new short[count * TagCount];
        freeMilli = new int[count];
        wholeFree = new int[count];
        largestFree = new int[count];
        changes = new ChangeLog(count);
        var names = new HashSet<string>(StringComparer.Ordinal);
        for (int i = 0; i < count; i++)
        {
            NodeConfig node = this.nodes[i];
            if (!names.Add(node.Name))
            {
                throw new ArgumentException($"node '{node.Name}' is there twice; names must be unique");
            }
            if (
                node.CpuMilli < 0
                || node.MemoryMib < 0
                || node.DeviceMemoryMib < 0
                || node.Devices is < 0 or > 64
                || node.DeviceMemoryPromisedMib < 0
                || node.DeviceMilli is < 1 or > TaskShape.WholeDevice
            )
            {
                throw new ArgumentException(
                    $"node '{node.Name}': amounts must not be negative, a node has 0 to 64 devices, and of each 1 to {TaskShape.WholeDevice} thousandths can be promised"
                );
            }
            cpuFree[i] = node.CpuMilli;
            memoryFree[i] = node.MemoryMib;
            model[i] = node.Devices > 0 ? models.Number(node.Model) : 0;
            pool[i] = Pools.Number(node.Pool);
            firstDevice[i + 1] = firstDevice[i] + node.Devices;
        }
        deviceFree = new int[firstDevice[count]];
        deviceMemoryFree = new int[firstDevice[count]];
        masked = new int[firstDevice[count]];
        for (int i = 0; i < count; i++)
        {
            deviceFree.AsSpan(firstDevice[i], this.nodes[i].Devices).Fill(this.nodes[i].DeviceMilli);
            deviceMemoryFree.AsSpan(firstDevice[i], this.nodes[i].Devices).Fill(Promised(this.nodes[i]));
            Derive(i);
            CapacityMilli += freeMilli[i];
        }
    }

    /// <summary>Numbers of the device models.</summary>
    public NameTable Models { get; }

    /// <summary>Numbers of the pools.</summary>
    public NameTable Pools { get; } = new();

    /// <summary>Number of nodes.</summary>
    public int NodeCount => nodes.Length;

    /// <summary>Number of devices.</summary>
    public int DeviceCount => deviceFree.Length;

    /// <summary>Compute of all devices, thousandths of a device.</summary>
    public long CapacityMilli { get; }

    /// <summary>Compute promised on all devices, thousandths of a device.</summary>
    public long UsedMilli { get; private set; }

    /// <summary>Placements that exist now.</summary>
    public int PlacementCount => placements.Count;

    /// <summary>Position in the journal; give it to <see cref="Undo"/>.</summary>
    public int Checkpoint => journal.Count;

    /// <summary>The log of changed nodes.</summary>
    internal ChangeLog Changes => changes;

    /// <summary>All placements by slot.</summary>
    internal PlacementTable Placements => placements;

    /// <summary>What the node has.</summary>
    public NodeConfig Node(int node) => nodes[node];

    /// <summary>Number of the model of the node's devices.</summary>
    public int Model(int node) => model[node];

    /// <summary>Number of the node's pool.</summary>
    public int Pool(int node) => pool[node];

    /// <summary>Free processors of a node, thousandths.</summary>
    public int CpuFree(int node) => cpuFree[node];

    /// <summary>Free main memory of a node, MiB.</summary>
    public int MemoryFree(int node) => memoryFree[node];

    /// <summary>Free compute of each device of a node, thousandths.</summary>
    public ReadOnlySpan<int> DevicesFree(int node) =>
        deviceFree.AsSpan(firstDevice[node], firstDevice[node + 1] - firstDevice[node]);

    /// <summary>The same with 0 for devices on which no new tasks may be put; valid until the node changes.</summary>
    internal ReadOnlySpan<int> UsableFree(int node)
    {
        ulong open = usable[node];
        ReadOnlySpan<int> free = DevicesFree(node);
        if (open == ulong.MaxValue)
        {
            return free;
        }
        Span<int> own = masked.AsSpan(firstDevice[node], free.Length);
        for (int i = 0; i < free.Length; i++)
        {
            own[i] = (open >> i & 1) != 0 ? free[i] : 0;
        }
        return own;
    }

    /// <summary>Free memory of each device of a node, MiB; zeros where it is not counted.</summary>
    public ReadOnlySpan<int> DeviceMemoryFree(int node) =>
        deviceMemoryFree.AsSpan(firstDevice[node], firstDevice[node + 1] - firstDevice[node]);

    /// <summary>Memory of each device of a node, MiB; 0 where it is not counted.</summary>
    public int NodeDeviceMemory(int node) => nodes[node].DeviceMemoryMib;

    /// <summary>Free compute of a node's devices together, thousandths.</summary>
    public int FreeMilli(int node) => freeMilli[node];

    /// <summary>Devices of a node that are entirely free.</summary>
    public int WholeFree(int node) => wholeFree[node];

    /// <summary>The most that is free on one device of the node, thousandths.</summary>
    public int LargestFree(int node) => largestFree[node];

    /// <summary>Tasks on a node.</summary>
    public int Tasks(int node) => tasks[node];

    /// <summary>True while the node takes no new tasks (failed, in maintenance, switched off).</summary>
    public bool IsClosed(int node) => closed[node];

    /// <summary>Opens or closes a node for new tasks; what runs there stays. Undone like a placement.</summary>
    public void SetClosed(int node, bool value)
    {
        if (closed[node] != value)
        {
            closed[node] = value;
            changes.Add(node);
            journal.Add(new JournalEntry(JournalKind.Closed, node, default));
        }
    }

    /// <summary>
    /// Says on which of a node's devices (bits) new tasks may be put; what runs there stays. Nothing takes it back.
    /// </summary>
    public void SetUsable(int node, ulong devices)
    {
        if (usable[node] != devices)
        {
            usable[node] = devices;
            Derive(node);
            changes.Add(node);
        }
    }

    /// <summary>The devices (bits) of a node on which new tasks may be put.</summary>
    public ulong Usable(int node) => usable[node];

    /// <summary>Names a set of devices, bits by node, for <see cref="TaskShape.Allowed"/>; returns its number.</summary>
    public int Allow(IReadOnlyDictionary<int, ulong> devices)
    {
        allowed.Add(devices);
        return allowed.Count;
    }

    /// <summary>Names the same sets as another cluster.</summary>
    internal void AllowAsIn(ClusterState other) => allowed.AddRange(other.allowed);

    /// <summary>Sets named so far.</summary>
    public int AllowedSets => allowed.Count;

    /// <summary>The devices (bits) of a node that the shape takes, whatever is free on them.</summary>
    public ulong Takes(int node, in TaskShape shape) =>
        shape.Allowed == 0 ? ulong.MaxValue : allowed[shape.Allowed - 1].GetValueOrDefault(node);

    /// <summary>True when one device of the node has room for one device's part of the task.</summary>
    public bool FitsDevice(int node, int device, in TaskShape shape)
    {
        int at = firstDevice[node] + device;
        return deviceFree[at] >= shape.ComputeMilli
            && (usable[node] & Takes(node, shape) & (1UL << device)) != 0
            && FitsMemory(node, at, shape);
    }

    /// <summary>True when the node can take the task now.</summary>
    public bool Fits(int node, in TaskShape shape)
    {
        if (
            closed[node]
            || cpuFree[node] < shape.CpuMilli
            || memoryFree[node] < shape.MemoryMib
            || (shape.Pools >> pool[node] & 1) == 0
        )
        {
            return false;
        }
        return shape.Devices == 0 || FitsDevices(node, shape);
    }

    /// <summary>True when the node's devices can take the task; processors and main memory are not looked at.</summary>
    public bool FitsDevices(int node, in TaskShape shape)
    {
        if (shape.Devices == 0)
        {
            return true;
        }
        if ((shape.Models >> model[node] & 1) == 0 || largestFree[node] < shape.ComputeMilli)
        {
            return false;
        }
        if (shape.IsPlain)
        {
            if (shape.Devices == 1)
            {
                return true;
            }
            if (shape.ComputeMilli == TaskShape.WholeDevice)
            {
                return wholeFree[node] >= shape.Devices;
            }
        }
        return BitOperations.PopCount(FittingDevices(node, shape)) >= shape.Devices;
    }

    /// <summary>Bits of the node's devices (bit 0 is its device 0) that have room for one device's part of the task.</summary>
    public ulong FittingDevices(int node, in TaskShape shape)
    {
        ulong fitting = 0;
        int first = firstDevice[node];
        int count = firstDevice[node + 1] - first;
        ulong candidates = shape.Allowed == 0 ? usable[node] : usable[node] & Takes(node, shape);
        for (int i = 0; i < count; i++)
        {
            if (
                deviceFree[first + i] >= shape.ComputeMilli
                && (candidates >> i & 1) != 0
                && FitsMemory(node, first + i, shape)
            )
            {
                fitting |= 1UL << i;
            }
        }
        return fitting;
    }

    /// <summary>Puts a task on devices of a node.</summary>
    /// <param name="node">The node.</param>
    /// <param name="shape">What the task asks.</param>
    /// <param name="devices">Bits of the node's devices to use; as many as the task asks.</param>
    /// <returns>The placement's slot, for <see cref="Release"/>.</returns>
    /// <exception cref="InvalidOperationException">The task does not fit there: nothing has changed.</exception>
    public int Place(int node, in TaskShape shape, ulong devices)
    {
        if (
            BitOperations.PopCount(devices) != shape.Devices
            || !Fits(node, shape)
            || shape.Devices > 0 && (devices & ~FittingDevices(node, shape)) != 0
        )
        {
            throw new InvalidOperationException(
                $"{shape} does not fit on devices {devices:x} of node '{nodes[node].Name}'"
            );
        }
        int slot = placements.Add(new PlacedTask(node, devices, shape), out bool fresh);
        Apply(node, shape, devices, -1);
        journal.Add(new JournalEntry(fresh ? JournalKind.PlacedFresh : JournalKind.Placed, slot, default));
        return slot;
    }

    /// <summary>Puts a task back on devices that it has just left, whether they take new tasks or not.</summary>
    internal int PlaceBack(int node, in TaskShape shape, ulong devices)
    {
        ulong open = usable[node];
        SetUsable(node, ulong.MaxValue);
        try
        {
            return Place(node, shape, devices);
        }
        finally
        {
            SetUsable(node, open);
        }
    }

    /// <summary>Takes a task away.</summary>
    /// <exception cref="InvalidOperationException">There is no placement in the slot.</exception>
    public void Release(int slot)
    {
        PlacedTask placement = placements.Remove(slot);
        Apply(placement.Node, placement.Shape, placement.Devices, +1);
        journal.Add(new JournalEntry(JournalKind.Released, slot, placement));
    }

    /// <summary>The placement in a slot.</summary>
    /// <exception cref="InvalidOperationException">There is none.</exception>
    public PlacedTask PlacementAt(int slot) => placements.Get(slot);

    /// <summary>Takes back, last first, all that was done since the checkpoint: slots and all amounts are as they were.</summary>
    public void Undo(int checkpoint)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)checkpoint, (uint)journal.Count);
        while (journal.Count > checkpoint)
        {
            JournalEntry entry = journal[^1];
            journal.RemoveAt(journal.Count - 1);
            switch (entry.Kind)
            {
                case JournalKind.Placed:
                case JournalKind.PlacedFresh:
                    PlacedTask placed = placements.UndoAdd(entry.Index, entry.Kind == JournalKind.PlacedFresh);
                    Apply(placed.Node, placed.Shape, placed.Devices, +1);
                    break;
                case JournalKind.Released:
                    placements.UndoRemove(entry.Index, entry.Placement);
                    Apply(entry.Placement.Node, entry.Placement.Shape, entry.Placement.Devices, -1);
                    break;
                default:
                    closed[entry.Index] = !closed[entry.Index];
                    changes.Add(entry.Index);
                    break;
            }
        }
    }

    /// <summary>Forgets the journal: what was done up to now stays.</summary>
    public void Commit() => journal.Clear();

    private void Apply(int node, in TaskShape shape, ulong devices, int sign)
    {
        cpuFree[node] += sign * shape.CpuMilli;
        memoryFree[node] += sign * shape.MemoryMib;
        tasks[node] -= sign;
        int first = firstDevice[node];
        int memory = shape.DeviceMemoryOn(nodes[node].DeviceMemoryMib);
        for (ulong rest = devices; rest != 0; rest &= rest - 1)
        {
            int device = first + BitOperations.TrailingZeroCount(rest);
            deviceFree[device] += sign * shape.ComputeMilli;
            deviceMemoryFree[device] += sign * memory;
        }
        UsedMilli -= sign * shape.TotalMilli;
        if (devices != 0)
        {
            tagCounts[node * TagCount + Tag(shape)] -= (short)sign;
            Derive(node);
        }
        changes.Add(node);
    }

    private bool FitsMemory(int node, int device, in TaskShape shape)
    {
        if (shape.DeviceMemoryMib == 0 && shape.DeviceMemoryMilli == 0)
        {
            return true;
        }
        int has = nodes[node].DeviceMemoryMib;
        int memory = shape.DeviceMemoryOn(has);
        // What is promised twice is still no larger than the device for any one task.
        return memory <= has && deviceMemoryFree[device] >= memory;
    }

    /// <summary>Memory that may be promised of each of a node's devices, MiB.</summary>
    internal static int Promised(NodeConfig node) =>
        node.DeviceMemoryPromisedMib > 0 ? node.DeviceMemoryPromisedMib : node.DeviceMemoryMib;

    internal static int Tag(in TaskShape shape) =>
        shape.ComputeMilli < TaskShape.WholeDevice ? 0 : Math.Min(shape.Devices, TagCount - 1);

    private void Derive(int node)
    {
        int sum = 0;
        int whole = 0;
        int largest = 0;
        ulong open = usable[node];
        for (int i = firstDevice[node]; i < firstDevice[node + 1]; i++, open >>= 1)
        {
            if ((open & 1) == 0)
            {
                continue;
            }
            int free = deviceFree[i];
            sum += free;
            whole += free == TaskShape.WholeDevice ? 1 : 0;
            largest = Math.Max(largest, free);
        }
        freeMilli[node] = sum;
        wholeFree[node] = whole;
        largestFree[node] = largest;
    }

    private enum JournalKind : byte
    {
        Placed,
        PlacedFresh,
        Released,
        Closed,
    }

    private readonly record struct JournalEntry(JournalKind Kind, int Index, PlacedTask Placement);
}
