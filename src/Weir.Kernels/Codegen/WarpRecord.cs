using Weir.Kernels.Analysis;

namespace Weir.Kernels.Codegen;

/// <summary>
/// What a warp leaves in scratch while it waits at a barrier: its state (0 fresh, k + 1 all lanes wait at continuation
/// k, <see cref="Masked"/>, <see cref="Done"/>), per continuation the waiting lanes with the barrier and the generation
/// they wait to pass, and the registers that live across some barrier.
/// </summary>
internal sealed class WarpRecord
{
    /// <summary>State of a warp whose lanes wait at several places, or that is not full.</summary>
    public const int Masked = -2;

    /// <summary>State of a warp whose threads have all exited.</summary>
    public const int Done = -1;

    private const int WaitBytes = 16;

    private readonly Dictionary<int, int> _places = [];
    private readonly Dictionary<CodeNode, int[]> _liveAt = [];

    public WarpRecord(ControlFlow flow, Liveness liveness, RegisterFile registers)
    {
        SortedSet<int> all = [];
        foreach (CodeNode node in flow.Nodes)
        {
            if (node.Continuation >= 0)
            {
                int[] live = [.. liveness.LiveIn[node.Position].Items()];
                _liveAt[node] = live;
                all.UnionWith(live);
            }
        }
        int at = Align(16 + WaitBytes * flow.Continuations);
        foreach (int register in all)
        {
            int bytes = registers.SavedBytes(register);
            at = (at + 7) & ~7;
            _places[register] = at;
            at += bytes;
        }
        AllLive = [.. all];
        Bytes = Align(at);
    }

    /// <summary>Registers that live across some barrier.</summary>
    public IReadOnlyList<int> AllLive { get; }

    /// <summary>Size; a multiple of 64.</summary>
    public int Bytes { get; }

    /// <summary>Registers that live at a continuation.</summary>
    public IReadOnlyList<int> LiveAt(CodeNode node) => _liveAt[node];

    /// <summary>Address of a register's place.</summary>
    public string Place(LaneBuilder builder, int register) => builder.Offset("%record", _places[register]);

    /// <summary>Notes who waits at a continuation, instead of whoever did.</summary>
    public static void StoreWait(LaneBuilder builder, int continuation, Value lanes, Value generation, Value id)
    {
        builder.Store(lanes, At(builder, continuation, 0));
        builder.Store(generation, At(builder, continuation, 4));
        builder.Store(id, At(builder, continuation, 8));
    }

    /// <summary>Notes further lanes that wait at a continuation.</summary>
    public static void AddWait(LaneBuilder builder, int continuation, Value lanes, Value generation, Value id)
    {
        string place = At(builder, continuation, 0);
        StoreWait(
            builder,
            continuation,
            builder.Binary("or", builder.Load("i32", false, place), lanes),
            generation,
            id
        );
    }

    /// <summary>Notes further lanes that wait, where nothing is counted.</summary>
    public static void AddLanes(LaneBuilder builder, int continuation, Value lanes)
    {
        string place = At(builder, continuation, 0);
        builder.Store(builder.Binary("or", builder.Load("i32", false, place), lanes), place);
    }

    /// <summary>Changes who waits at a continuation.</summary>
    public static void StoreLanes(LaneBuilder builder, int continuation, Value lanes) =>
        builder.Store(lanes, At(builder, continuation, 0));

    /// <summary>Who waits at a continuation, and for what.</summary>
    public static (Value Generation, Value Id, Value Lanes) LoadWait(LaneBuilder builder, int continuation) =>
        (
            builder.Load("i32", false, At(builder, continuation, 4)),
            builder.Load("i32", false, At(builder, continuation, 8)),
            builder.Load("i32", false, At(builder, continuation, 0))
        );

    private static string At(LaneBuilder builder, int continuation, int offset) =>
        builder.Offset("%record", 16 + WaitBytes * continuation + offset);

    private static int Align(int bytes) => (bytes + 63) & ~63;
}
