using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Weir.Scheduling.Cluster;

namespace Weir.Scheduling.Placement;

/// <summary>
/// Finds the node for a task: every node is looked at, and the best score wins. Scores are kept per shape and node and
/// computed again only for nodes that changed since the shape was last asked for.
/// </summary>
public sealed class PlacementEngine : ITaskPlacer
{
    // Scores kept in all; beyond that the shape that was not asked for longest is forgotten.
    private const long MaxScores = 32 << 20;

    private readonly SeededRandom random;
    private readonly Dictionary<TaskShape, int> shapes = [];
    private readonly List<Row> rows = [];
    private readonly int maxRows;
    private int keptRows;
    private long clock;

    /// <summary>An engine for the cluster as it is and will be.</summary>
    public PlacementEngine(ClusterState state, IPlacementPolicy policy, ulong seed = 0)
    {
        State = state;
        Policy = policy;
        random = new SeededRandom(seed);
        maxRows = (int)Math.Clamp(MaxScores / Math.Max(1, state.NodeCount), 16, 1 << 16);
    }

    /// <summary>The cluster.</summary>
    public ClusterState State { get; }

    /// <summary>The policy.</summary>
    public IPlacementPolicy Policy { get; }

    /// <inheritdoc/>
    public long Evaluations { get; private set; }

    /// <inheritdoc/>
    public int Intern(in TaskShape shape)
    {
        if (!shapes.TryGetValue(shape, out int id))
        {
            // Scores do not look at main memory: shapes that differ in nothing else share them.
            TaskShape key = shape with
            {
                MemoryMib = 0,
            };
            if (!shapes.TryGetValue(key, out int shared))
            {
                shared = rows.Count;
                rows.Add(
                    new Row
                    {
                        Shape = key,
                        Scores = null,
                        Shared = shared,
                    }
                );
                shapes.Add(key, shared);
            }
            if (shape.MemoryMib == 0)
            {
                return shared;
            }
            id = rows.Count;
            rows.Add(
                new Row
                {
                    Shape = shape,
                    Scores = null,
                    Shared = shared,
                }
            );
            shapes.Add(shape, id);
        }
        return id;
    }

    /// <summary>The best node for the task; -1 when it fits nowhere.</summary>
    public int FindNode(in TaskShape shape) => FindNode(Intern(shape));

    /// <summary>The best node for a task of an interned shape; -1 when it fits nowhere.</summary>
    public int FindNode(int shapeId)
    {
        ref Row asked = ref CollectionsMarshal.AsSpan(rows)[shapeId];
        ushort[] scores = Refresh(asked.Shared);
        int memory = asked.Shape.MemoryMib;
        return Policy.Ties == TieBreak.Random ? RandomBest(scores, memory) : FirstBest(scores, memory);
    }

    /// <inheritdoc/>
    public int Moves => 0;

    /// <inheritdoc/>
    public int TryPlace(int shapeId)
    {
        int node = FindNode(shapeId);
        if (node < 0)
        {
            return -1;
        }
        TaskShape shape = rows[shapeId].Shape;
        return State.Place(node, shape, Policy.ChooseDevices(node, shape));
    }

    /// <summary>The shape of a number that <see cref="Intern"/> gave.</summary>
    public TaskShape Shape(int shapeId) => rows[shapeId].Shape;

    /// <summary>Score of a node for the shape: -1 where it does not fit.</summary>
    public int ScoreOf(int node, in TaskShape shape) => State.Fits(node, shape) ? Policy.Score(node, shape) : -1;

    // 0 stands for "does not fit", all else is score + 1.
    private ushort[] Refresh(int shapeId)
    {
        ref Row row = ref CollectionsMarshal.AsSpan(rows)[shapeId];
        row.Used = ++clock;
        ChangeLog changes = State.Changes;
        if (row.Scores is null || !changes.Reaches(row.Position))
        {
            if (row.Scores is null)
            {
                MakeRoom();
                row.Scores = new ushort[State.NodeCount];
                keptRows++;
            }
            for (int node = 0; node < row.Scores.Length; node++)
            {
                row.Scores[node] = Evaluate(node, row.Shape);
            }
        }
        else
        {
            for (long position = row.Position; position < changes.Position; position++)
            {
                int node = changes.At(position);
                if (node >= 0)
                {
                    row.Scores[node] = Evaluate(node, row.Shape);
                }
            }
        }
        row.Position = changes.Position;
        return row.Scores;
    }

    private ushort Evaluate(int node, in TaskShape shape)
    {
        if (!State.Fits(node, shape))
        {
            return 0;
        }
        Evaluations++;
        return (ushort)(Policy.Score(node, shape) + 1);
    }

    private void MakeRoom()
    {
        if (keptRows < maxRows)
        {
            return;
        }
        Span<Row> all = CollectionsMarshal.AsSpan(rows);
        int oldest = -1;
        for (int i = 0; i < all.Length; i++)
        {
            if (all[i].Scores is not null && (oldest < 0 || all[i].Used < all[oldest].Used))
            {
                oldest = i;
            }
        }
        all[oldest].Scores = null;
        keptRows--;
    }

    private int FirstBest(ushort[] scores, int memory)
    {
        ushort best = Max(scores);
        if (best == 0)
        {
            return -1;
        }
        int node = Array.IndexOf(scores, best);
        if (State.memoryFree[node] >= memory)
        {
            return node;
        }
        // Memory is seldom what lacks, so only now is it looked at node by node.
        int found = -1;
        for (int i = 0; i < scores.Length; i++)
        {
            if (scores[i] > (found < 0 ? 0 : scores[found]) && State.memoryFree[i] >= memory)
            {
                found = i;
            }
        }
        return found;
    }

    private int RandomBest(ushort[] scores, int memory)
    {
        int found = -1;
        int equals = 0;
        for (int i = 0; i < scores.Length; i++)
        {
            if (scores[i] == 0 || State.memoryFree[i] < memory)
            {
                continue;
            }
            if (found < 0 || scores[i] > scores[found])
            {
                found = i;
                equals = 1;
            }
            else if (scores[i] == scores[found])
            {
                equals++;
            }
        }
        if (found < 0)
        {
            return -1;
        }
        int pick = random.Next(equals);
        for (int i = found; ; i++)
        {
            if (scores[i] == scores[found] && State.memoryFree[i] >= memory && pick-- == 0)
            {
                return i;
            }
        }
    }

    private static ushort Max(ReadOnlySpan<ushort> values)
    {
        ushort best = 0;
        int i = 0;
        if (values.Length >= Vector256<ushort>.Count)
        {
            Vector256<ushort> max = Vector256<ushort>.Zero;
            for (; i <= values.Length - Vector256<ushort>.Count; i += Vector256<ushort>.Count)
            {
                max = Vector256.Max(max, Vector256.Create(values.Slice(i, Vector256<ushort>.Count)));
            }
            Vector128<ushort> half = Vector128.Max(max.GetLower(), max.GetUpper());
            for (int lane = 0; lane < Vector128<ushort>.Count; lane++)
            {
                best = Math.Max(best, half[lane]);
            }
        }
        for (; i < values.Length; i++)
        {
            best = Math.Max(best, values[i]);
        }
        return best;
    }

    private struct Row
    {
        public TaskShape Shape;
        public ushort[]? Scores;
        public int Shared;
        public long Position;
        public long Used;
    }
}
