namespace Weir.Oracle;

/// <summary>Where a thread stands at a barrier of its block.</summary>
internal sealed class BarrierArrival
{
    public required Lane Lane { get; init; }

    /// <summary>Threads that complete the barrier; 0 means all that have not exited.</summary>
    public required ulong Count { get; init; }

    /// <summary>The predicate of bar.red.</summary>
    public bool Predicate { get; init; }

    /// <summary>Takes the result of bar.red; null for arrive, which does not wait.</summary>
    public required Action<IReadOnlyList<BarrierArrival>>? Release { get; init; }
}

/// <summary>bar and barrier: sync, arrive, red.</summary>
internal static class BarrierInstructions
{
    public static Step Bind(Instruction at, Binding binding)
    {
        Binding.Allow(at, "cta", "sync", "arrive", "red", "popc", "and", "or", "aligned");
        var isRed = at.Has("red");
        var first = isRed ? 1 : 0;
        var last = at.Operands.Count - (isRed ? 1 : 0);
        var id = binding.Source(at, first, PtxType.U32);
        Read count = first + 1 < last ? binding.Source(at, first + 1, PtxType.U32) : _ => 0;
        Read predicate = isRed ? binding.Source(at, at.Operands.Count - 1, PtxType.Predicate) : _ => 0;
        Write result = !isRed ? (_, _) => { } : Binding.Result(at, at.Has("popc") ? PtxType.U32 : PtxType.Predicate);
        Func<IReadOnlyList<BarrierArrival>, ulong> reduce =
            at.Has("popc") ? all => (ulong)all.Count(a => a.Predicate)
            : at.Has("and") ? all => all.All(a => a.Predicate) ? 1UL : 0
            : all => all.Any(a => a.Predicate) ? 1UL : 0;
        var waits = !at.Has("arrive");
        return lane =>
        {
            var number = id(lane);
            if (number > 15)
            {
                throw new OracleFault(OracleFaultKind.Trap, $"barrier {number}");
            }
            var arrival = new BarrierArrival
            {
                Lane = lane,
                Count = count(lane),
                Predicate = predicate(lane) != 0,
                Release = !waits
                    ? null
                    : all =>
                    {
                        lane.Waiting = null;
                        result(lane, reduce(all));
                    },
            };
            lane.Block.Barriers[number].Add(arrival);
            lane.Waiting = waits ? arrival : null;
        };
    }
}
