using System.Numerics;
using Weir.Scheduling.Cluster;
using Weir.Scheduling.Fragmentation;

namespace Weir.Scheduling.Placement;

/// <summary>
/// Places as its policy says, and when a large task fits nowhere moves one small task to make room. Moves are at most a
/// share of the tasks placed.
/// </summary>
/// <remarks>
/// So that a move pays, some small fractions are first put alone on devices: their rests take other small tasks later,
/// and two of them can be merged when a whole device is needed. A fraction that fills a device goes where it fills it. A task that fits
/// somewhere is never refused.
/// </remarks>
public sealed class RepackingPlacer : ITaskPlacer
{
    private readonly PlacementEngine usual;
    private readonly PlacementEngine spreading;
    private readonly ClusterState state;
    private readonly Dictionary<int, int> alone = [];
    private readonly Dictionary<TaskShape, (Rest First, Rest Second)> destinations = [];
    private int placed;

    internal RepackingPlacer(PlacementEngine usual, PlacementContext context)
    {
        this.usual = usual;
        state = usual.State;
        IReadOnlyList<TypicalTask> typical = context.Meter.Table.Typical;
        spreading = new PlacementEngine(state, new SpreadingPolicy(state, usual.Policy, typical));
    }

    /// <summary>Moves, as a share of the tasks placed, that are never exceeded.</summary>
    public double MoveShare { get; init; } = 0.05;

    /// <summary>Fractions up to this size (thousandths) are spread.</summary>
    public int SpreadUpTo { get; init; } = 650;

    /// <summary>Devices with one fraction alone, as a share of all, up to which fractions are spread.</summary>
    public double SpreadShare { get; init; } = 0.15;

    /// <summary>
    /// A rest smaller than this (thousandths) is as good as none: a fraction that leaves no more of a device goes there, whatever else would
    /// speak for another.
    /// </summary>
    public int SmallRest { get; init; } = 80;

    /// <summary>The smallest task, thousandths of a device, for which others are moved.</summary>
    public int MoveFor { get; init; } = TaskShape.WholeDevice;

    /// <inheritdoc/>
    public long Evaluations => usual.Evaluations + spreading.Evaluations;

    /// <inheritdoc/>
    public int Moves { get; private set; }

    /// <summary>Moves made, oldest first: the placement's slot before and after.</summary>
    public event Action<int, int>? Moved;

    /// <inheritdoc/>
    public int Intern(in TaskShape shape) => usual.Intern(shape);

    /// <inheritdoc/>
    public int TryPlace(int shapeId)
    {
        TaskShape shape = usual.Shape(shapeId);
        bool small = shape.Devices == 1 && shape.ComputeMilli <= SpreadUpTo;
        if (small && alone.Count < SpreadShare * state.DeviceCount)
        {
            int spreadId = spreading.Intern(shape);
            int node = spreading.FindNode(spreadId);
            if (node >= 0 && spreading.ScoreOf(node, shape) > 0)
            {
                return Keep(state.Place(node, shape, spreading.Policy.ChooseDevices(node, shape)));
            }
        }
        int slot = TryFill(shape);
        slot = slot < 0 ? usual.TryPlace(shapeId) : slot;
        if (slot < 0 && shape.Devices > 0 && shape.TotalMilli >= MoveFor && Budget >= 1)
        {
            slot = MakeRoom(shape);
        }
        return slot < 0 ? -1 : Keep(slot);
    }

    private int TryFill(in TaskShape shape)
    {
        if (shape.Devices != 1 || shape.ComputeMilli == TaskShape.WholeDevice)
        {
            return -1;
        }
        Rest rest = Tightest(shape).First;
        return rest.Node >= 0 && rest.Left < SmallRest
            ? state.Place(rest.Node, shape, 1UL << (rest.Device - state.firstDevice[rest.Node]))
            : -1;
    }

    private double Budget => MoveShare * (placed + 1) - Moves;

    private int Keep(int slot)
    {
        placed++;
        Note(slot);
        return slot;
    }

    // Devices with one small task alone, by device; entries that no longer hold are dropped when they are met.
    private void Note(int slot)
    {
        PlacedTask placement = state.PlacementAt(slot);
        for (ulong rest = placement.Devices; rest != 0; rest &= rest - 1)
        {
            int device = state.firstDevice[placement.Node] + BitOperations.TrailingZeroCount(rest);
            bool isAlone =
                placement.Shape.Devices == 1
                && placement.Shape.ComputeMilli < TaskShape.WholeDevice
                && state.deviceFree[device] + placement.Shape.ComputeMilli == TaskShape.WholeDevice
                && placement.Shape.ComputeMilli <= SpreadUpTo;
            if (isAlone)
            {
                alone[device] = slot;
            }
            else
            {
                alone.Remove(device);
            }
        }
    }

    private int MakeRoom(in TaskShape shape)
    {
        if (shape.Devices != 1)
        {
            return -1;
        }
        destinations.Clear();
        int bestWaste = int.MaxValue;
        int bestSlot = -1;
        int bestTo = -1;
        ulong bestDevices = 0;
        foreach ((int device, int slot) in alone)
        {
            PlacedTask mover = state.PlacementAt(slot);
            int node = mover.Node;
            if (
                (shape.Models >> state.model[node] & 1) == 0
                || state.closed[node]
                || state.cpuFree[node] + mover.Shape.CpuMilli < shape.CpuMilli
                || state.memoryFree[node] + mover.Shape.MemoryMib < shape.MemoryMib
                || state.NodeDeviceMemory(node) < shape.DeviceMemoryMib
            )
            {
                continue;
            }
            (int to, ulong devices, int waste) = DestinationFor(mover, device);
            bool same = to == node;
            if (
                to >= 0
                && waste < bestWaste
                && (!same || state.cpuFree[node] >= shape.CpuMilli && state.memoryFree[node] >= shape.MemoryMib)
            )
            {
                (bestWaste, bestSlot, bestTo, bestDevices) = (waste, slot, to, devices);
                if (waste == 0)
                {
                    break;
                }
            }
        }
        if (bestSlot < 0)
        {
            return -1;
        }
        PlacedTask moved = state.PlacementAt(bestSlot);
        state.Release(bestSlot);
        int newSlot = state.Place(bestTo, moved.Shape, bestDevices);
        Moves++;
        alone.Remove(state.firstDevice[moved.Node] + BitOperations.TrailingZeroCount(moved.Devices));
        Note(newSlot);
        Moved?.Invoke(bestSlot, newSlot);
        return state.Place(moved.Node, shape, moved.Devices);
    }

    private (int Node, ulong Devices, int Waste) DestinationFor(in PlacedTask mover, int from)
    {
        if (!destinations.TryGetValue(mover.Shape, out (Rest First, Rest Second) rests))
        {
            rests = Tightest(mover.Shape);
            destinations.Add(mover.Shape, rests);
        }
        Rest rest = rests.First.Device == from ? rests.Second : rests.First;
        return rest.Node < 0
            ? (-1, 0, int.MaxValue)
            : (rest.Node, 1UL << (rest.Device - state.firstDevice[rest.Node]), rest.Left);
    }

    // The two devices on which the task leaves least; two, because one may be its own.
    private (Rest First, Rest Second) Tightest(in TaskShape shape)
    {
        var first = new Rest(-1, -1, int.MaxValue);
        Rest second = first;
        for (int node = 0; node < state.NodeCount; node++)
        {
            if (state.largestFree[node] < shape.ComputeMilli || !state.Fits(node, shape))
            {
                continue;
            }
            for (int device = state.firstDevice[node]; device < state.firstDevice[node + 1]; device++)
            {
                int left = state.deviceFree[device] - shape.ComputeMilli;
                if (left < 0 || left >= second.Left || state.deviceMemoryFree[device] < shape.DeviceMemoryMib)
                {
                    continue;
                }
                var rest = new Rest(node, device, left);
                (first, second) = left < first.Left ? (rest, first) : (first, rest);
            }
        }
        return (first, second);
    }

    private readonly record struct Rest(int Node, int Device, int Left);
}
