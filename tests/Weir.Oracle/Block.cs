namespace Weir.Oracle;

/// <summary>
/// Runs the threads of one block. The order is fixed: threads take turns by number, each until it waits, has exited or
/// has had its share; after each round, those meet whose conditions hold.
/// </summary>
internal sealed class Block
{
    private readonly List<Lane> _lanes = [];
    private long _steps;

    public Block(OracleLaunch launch, OracleMemory memory, Function entry, Dim3 id, int sharedBytes)
    {
        Launch = launch;
        Memory = memory;
        Id = id;
        Shared = new byte[sharedBytes];
        for (ulong i = 0; i < launch.Block.Count; i++)
        {
            var number = (uint)i;
            if (number % 32 == 0)
            {
                Warps.Add(new Warp { Number = Warps.Count });
            }
            var lane = new Lane
            {
                Block = this,
                Warp = Warps[^1],
                Index = (int)(number % 32),
                ThreadId = new Dim3(
                    number % launch.Block.X,
                    number / launch.Block.X % launch.Block.Y,
                    number / (launch.Block.X * launch.Block.Y)
                ),
                Frame = new Frame(entry, 0, null),
            };
            lane.GrowLocal(entry.FrameBytes);
            _lanes.Add(lane);
            Warps[^1].Lanes.Add(lane);
        }
        if (launch.LastThreadFirst)
        {
            _lanes.Reverse();
        }
    }

    public OracleLaunch Launch { get; }

    public OracleMemory Memory { get; }

    public Dim3 Id { get; }

    public byte[] Shared { get; }

    public List<Warp> Warps { get; } = [];

    public List<BarrierArrival>[] Barriers { get; } =
        Enumerable.Range(0, 16).Select(_ => new List<BarrierArrival>()).ToArray();

    public void Run(OracleModule module)
    {
        while (_lanes.Exists(l => !l.Exited))
        {
            var progress = false;
            foreach (var lane in _lanes)
            {
                if (!lane.Exited && lane.Waiting is null)
                {
                    Turn(lane, module);
                    progress = true;
                }
            }
            progress |= MeetMembers();
            progress |= CompleteBarriers();
            if (!progress && !MeetWhoeverIsThere())
            {
                throw new OracleFault(OracleFaultKind.Deadlock, "threads wait for others that never come");
            }
        }
    }

    private void Turn(Lane lane, OracleModule module)
    {
        for (var left = Launch.TurnSteps; left > 0 && !lane.Exited && lane.Waiting is null; left--)
        {
            var frame = lane.Frame;
            var function = frame.Function;
            if (frame.Pc >= function.Instructions.Count)
            {
                ControlInstructions.Return(lane); // the end of a body returns
                continue;
            }
            if (++_steps > Launch.MaxSteps)
            {
                throw new OracleFault(OracleFaultKind.TooLong, $"more than {Launch.MaxSteps} instructions");
            }
            var code = function.Code ??= module.Bind(function);
            var instruction = function.Instructions[frame.Pc];
            var step = code[frame.Pc++];
            if (instruction.Guard is { } guard && (frame.Registers[guard.Register.Index] != 0) == guard.Negated)
            {
                continue;
            }
            try
            {
                step(lane);
            }
            catch (OracleFault fault) when (fault.Line == 0)
            {
                throw new OracleFault(
                    fault.Kind,
                    $"line {instruction.Line}: {instruction.Opcode}, thread {lane.ThreadId} of block {Id}: {fault.Message}"
                )
                {
                    Line = instruction.Line,
                };
            }
        }
    }

    /// <summary>Operations with a member mask go ahead once every member that has not exited is there.</summary>
    private bool MeetMembers()
    {
        var any = false;
        foreach (var warp in Warps)
        {
            foreach (var lane in warp.Lanes)
            {
                if (lane.Waiting is not WarpOperation { Mask: not null } operation)
                {
                    continue;
                }
                var mask = (uint)operation.Mask(lane);
                if (((mask >> lane.Index) & 1) == 0)
                {
                    throw new OracleFault(
                        OracleFaultKind.Deadlock,
                        $"line {operation.At.Line}: thread is not in its own member mask"
                    )
                    {
                        Line = operation.At.Line,
                    };
                }
                var members = warp.Lanes.Where(l => ((mask >> l.Index) & 1) != 0 && !l.Exited).ToList();
                if (
                    members.TrueForAll(m =>
                        m.Waiting is WarpOperation o
                        && o.Key == operation.Key
                        && o.Mask is not null
                        && (uint)o.Mask(m) == mask
                    )
                )
                {
                    WarpOperation.Complete(members);
                    any = true;
                }
            }
        }
        return any;
    }

    /// <summary>Operations without mask: when a warp can do nothing else, those at the same place go together.</summary>
    private bool MeetWhoeverIsThere()
    {
        foreach (var warp in Warps)
        {
            var first = warp.Lanes.Find(l => l.Waiting is WarpOperation { Mask: null });
            if (first is not null)
            {
                // The earliest place first, so that threads still before it can catch up.
                var places = warp.Lanes.Where(l => l.Waiting is WarpOperation { Mask: null });
                var earliest = places.MinBy(l => ((WarpOperation)l.Waiting!).At.Line)!.Waiting;
                WarpOperation.Complete(warp.Lanes.Where(l => l.Waiting == earliest).ToList());
                return true;
            }
        }
        return false;
    }

    private bool CompleteBarriers()
    {
        var any = false;
        foreach (var barrier in Barriers)
        {
            if (barrier.Count == 0)
            {
                continue;
            }
            var count = barrier[0].Count;
            var complete =
                count == 0
                    ? _lanes.TrueForAll(l => l.Exited || barrier.Exists(a => a.Lane == l))
                    : Arrived(barrier) >= count;
            if (complete)
            {
                var all = barrier.ToArray();
                barrier.Clear();
                foreach (var arrival in all)
                {
                    arrival.Release?.Invoke(all);
                }
                any = true;
            }
        }
        return any;
    }

    /// <summary>Barriers with a count work by whole warps: one that is there with all its threads counts 32.</summary>
    private ulong Arrived(List<BarrierArrival> barrier)
    {
        ulong arrived = 0;
        foreach (var warp in Warps)
        {
            var here = barrier.Count(a => a.Lane.Warp == warp);
            arrived +=
                here > 0 && warp.Lanes.TrueForAll(l => l.Exited || barrier.Exists(a => a.Lane == l)) ? 32 : (ulong)here;
        }
        return arrived;
    }
}
