namespace Weir.Oracle;

/// <summary>
/// An instruction at which threads of a warp meet: each brings inputs, and each takes results away. With a member
/// mask it waits for all the members that have not exited; without one (PTX before 6.0) for whoever gets there.
/// </summary>
internal sealed class WarpOperation
{
    /// <summary>Threads meet when they are at operations of the same key (and mask).</summary>
    public required string Key { get; init; }

    public required Instruction At { get; init; }

    /// <summary>Null for the forms without mask.</summary>
    public required Read? Mask { get; init; }

    public required IReadOnlyList<Read> Inputs { get; init; }

    public required IReadOnlyList<Write> Outputs { get; init; }

    public required Action<WarpMeeting> Combine { get; init; }

    /// <summary>Lets the threads that have come together do the operation.</summary>
    public static void Complete(IReadOnlyList<Lane> lanes)
    {
        var operation = (WarpOperation)lanes[0].Waiting!;
        var meeting = new WarpMeeting();
        foreach (var lane in lanes)
        {
            meeting.Present |= 1u << lane.Index;
            meeting.Inputs[lane.Index] = ((WarpOperation)lane.Waiting!).Inputs.Select(read => read(lane)).ToArray();
            meeting.Outputs[lane.Index] = new ulong[operation.Outputs.Count];
        }
        operation.Combine(meeting);
        foreach (var lane in lanes)
        {
            var own = (WarpOperation)lane.Waiting!;
            lane.Waiting = null;
            for (var i = 0; i < own.Outputs.Count; i++)
            {
                own.Outputs[i](lane, meeting.Outputs[lane.Index][i]);
            }
        }
    }
}

/// <summary>Inputs and outputs of the threads that meet, by their position in the warp.</summary>
internal sealed class WarpMeeting
{
    public uint Present { get; set; }

    public ulong[][] Inputs { get; } = new ulong[32][];

    public ulong[][] Outputs { get; } = new ulong[32][];

    public IEnumerable<int> Lanes => Enumerable.Range(0, 32).Where(i => ((Present >> i) & 1) != 0);
}

/// <summary>shfl, vote, match, redux, activemask, bar.warp.sync.</summary>
internal static class WarpInstructions
{
    public static Step Bind(Instruction at, Binding binding)
    {
        var operation = at.Name switch
        {
            "shfl" => Shuffle(at, binding),
            "vote" => Vote(at, binding),
            "match" => Match(at, binding),
            "redux" => Reduce(at, binding),
            "elect" => Elect(at, binding),
            "mma" => MatrixInstructions.Multiply(at, binding),
            "ldmatrix" => MatrixInstructions.Load(at, binding),
            "activemask" => ActiveMask(at, binding),
            _ => WarpBarrier(at, binding),
        };
        return lane => lane.Waiting = operation;
    }

    private static WarpOperation Shuffle(Instruction at, Binding binding)
    {
        Binding.Allow(at, "sync", "up", "down", "bfly", "idx");
        var mode = at.Modifiers.First(m => m is "up" or "down" or "bfly" or "idx");
        var b32 = PtxType.B32;
        var (value, inRange) = Pair(at);
        return new WarpOperation
        {
            Key = at.Opcode,
            At = at,
            Mask = at.Has("sync") ? binding.Source(at, 4, PtxType.B32) : null,
            Inputs = [binding.Source(at, 1, b32), binding.Source(at, 2, b32), binding.Source(at, 3, b32)],
            Outputs = [Binding.Write(value, b32, at), Binding.Write(inRange, PtxType.Predicate, at)],
            Combine = meeting =>
            {
                foreach (var lane in meeting.Lanes)
                {
                    var distance = (int)meeting.Inputs[lane][1] & 31;
                    var clamp = (int)meeting.Inputs[lane][2] & 31;
                    var segment = (int)(meeting.Inputs[lane][2] >> 8) & 31;
                    var last = (lane & segment) | (clamp & ~segment);
                    var from = mode switch
                    {
                        "up" => lane - distance,
                        "down" => lane + distance,
                        "bfly" => lane ^ distance,
                        _ => (lane & segment) | (distance & ~segment),
                    };
                    var valid = mode == "up" ? from >= last : from <= last;
                    from = valid ? from : lane;
                    // Reading from a thread that does not take part is undefined in PTX; here it is the own value.
                    from = (meeting.Present >> from & 1) != 0 ? from : lane;
                    meeting.Outputs[lane][0] = meeting.Inputs[from][0];
                    meeting.Outputs[lane][1] = valid ? 1UL : 0;
                }
            },
        };
    }

    private static WarpOperation Vote(Instruction at, Binding binding)
    {
        Binding.Allow(at, "sync", "all", "any", "uni", "ballot");
        var mode = at.Modifiers.First(m => m is "all" or "any" or "uni" or "ballot");
        var result = mode == "ballot" ? PtxType.B32 : PtxType.Predicate;
        return new WarpOperation
        {
            Key = at.Opcode,
            At = at,
            Mask = at.Has("sync") ? binding.Source(at, 2, PtxType.B32) : null,
            Inputs = [binding.Source(at, 1, PtxType.Predicate)],
            Outputs = [Binding.Result(at, result)],
            Combine = meeting =>
            {
                uint ballot = 0;
                foreach (var lane in meeting.Lanes)
                {
                    ballot |= (uint)meeting.Inputs[lane][0] << lane;
                }
                var answer = mode switch
                {
                    "all" => ballot == meeting.Present ? 1 : 0u,
                    "any" => ballot != 0 ? 1 : 0u,
                    "uni" => ballot == 0 || ballot == meeting.Present ? 1 : 0u,
                    _ => ballot,
                };
                foreach (var lane in meeting.Lanes)
                {
                    meeting.Outputs[lane][0] = answer;
                }
            },
        };
    }

    private static WarpOperation Match(Instruction at, Binding binding)
    {
        Binding.Allow(at, "sync", "any", "all");
        var (mask, same) = Pair(at);
        var all = at.Has("all");
        return new WarpOperation
        {
            Key = at.Opcode,
            At = at,
            Mask = binding.Source(at, 2, PtxType.B32),
            Inputs = [binding.Source(at, 1, at.Type)],
            Outputs = [Binding.Write(mask, PtxType.B32, at), Binding.Write(same, PtxType.Predicate, at)],
            Combine = meeting =>
            {
                foreach (var lane in meeting.Lanes)
                {
                    uint equal = 0;
                    foreach (var other in meeting.Lanes)
                    {
                        equal |= meeting.Inputs[other][0] == meeting.Inputs[lane][0] ? 1u << other : 0;
                    }
                    var everyone = equal == meeting.Present;
                    meeting.Outputs[lane][0] = !all || everyone ? equal : 0;
                    meeting.Outputs[lane][1] = everyone ? 1UL : 0;
                }
            },
        };
    }

    /// <summary>elect: which thread it is PTX leaves open; here the first.</summary>
    private static WarpOperation Elect(Instruction at, Binding binding)
    {
        Binding.Allow(at, "sync");
        var (leader, isLeader) = Pair(at);
        return new WarpOperation
        {
            Key = at.Opcode,
            At = at,
            Mask = binding.Source(at, 1, PtxType.B32),
            Inputs = [],
            Outputs = [Binding.Write(leader, PtxType.B32, at), Binding.Write(isLeader, PtxType.Predicate, at)],
            Combine = meeting =>
            {
                foreach (var lane in meeting.Lanes)
                {
                    meeting.Outputs[lane][0] = (ulong)meeting.Lanes.First();
                    meeting.Outputs[lane][1] = lane == meeting.Lanes.First() ? 1UL : 0;
                }
            },
        };
    }

    private static WarpOperation Reduce(Instruction at, Binding binding)
    {
        Binding.Allow(at, "sync", "add", "min", "max", "and", "or", "xor");
        var type = at.Type;
        Func<ulong, ulong, ulong> join = at.Modifiers.First(m =>
            m is "add" or "min" or "max" or "and" or "or" or "xor"
        ) switch
        {
            "add" => (a, b) => type.Truncate(type.Value(a) + type.Value(b)),
            "min" => (a, b) => type.Value(a) < type.Value(b) ? a : b,
            "max" => (a, b) => type.Value(a) > type.Value(b) ? a : b,
            "and" => (a, b) => a & b,
            "or" => (a, b) => a | b,
            _ => (a, b) => a ^ b,
        };
        return new WarpOperation
        {
            Key = at.Opcode,
            At = at,
            Mask = binding.Source(at, 2, PtxType.B32),
            Inputs = [binding.Source(at, 1, type)],
            Outputs = [Binding.Result(at, type)],
            Combine = meeting =>
            {
                var result = meeting.Lanes.Select(lane => meeting.Inputs[lane][0]).Aggregate(join);
                foreach (var lane in meeting.Lanes)
                {
                    meeting.Outputs[lane][0] = result;
                }
            },
        };
    }

    private static WarpOperation ActiveMask(Instruction at, Binding binding) =>
        new()
        {
            Key = at.Opcode,
            At = at,
            Mask = null,
            Inputs = [],
            Outputs = [Binding.Result(at, PtxType.B32)],
            Combine = meeting =>
            {
                foreach (var lane in meeting.Lanes)
                {
                    meeting.Outputs[lane][0] = meeting.Present;
                }
            },
        };

    private static WarpOperation WarpBarrier(Instruction at, Binding binding) =>
        new()
        {
            Key = at.Opcode,
            At = at,
            Mask = binding.Source(at, 0, PtxType.B32),
            Inputs = [],
            Outputs = [],
            Combine = _ => { },
        };

    private static (Operand First, Operand Second) Pair(Instruction at) =>
        at.Operands[0] is PairOperand pair ? (pair.First, pair.Second) : (at.Operands[0], new SinkOperand());
}
