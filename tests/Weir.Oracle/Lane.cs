namespace Weir.Oracle;

/// <summary>Carries out one instruction for one thread.</summary>
internal delegate void Step(Lane lane);

/// <summary>The value of an operand.</summary>
internal delegate ulong Read(Lane lane);

/// <summary>Where a result goes.</summary>
internal delegate void Write(Lane lane, ulong value);

/// <summary>A running call of a function.</summary>
internal sealed class Frame(Function function, int localBase, Frame? caller)
{
    public Function Function { get; } = function;

    public ulong[] Registers { get; } = new ulong[function.Registers.Count];

    /// <summary>Where the function's variables begin in the thread's local memory.</summary>
    public int LocalBase { get; } = localBase;

    public Frame? Caller { get; } = caller;

    /// <summary>Takes results over to the caller.</summary>
    public Action<Lane>? Returning { get; init; }

    public int Pc { get; set; }
}

/// <summary>One thread. It has its own program counter and waits for others only where an instruction says so.</summary>
internal sealed class Lane
{
    public required Block Block { get; init; }

    public required Warp Warp { get; init; }

    /// <summary>Position in the warp.</summary>
    public required int Index { get; init; }

    public required Dim3 ThreadId { get; init; }

    public required Frame Frame { get; set; }

    public bool Exited { get; set; }

    /// <summary>The instruction at which the thread waits for others.</summary>
    public object? Waiting { get; set; }

    /// <summary>The carry bit CC.CF.</summary>
    public bool Carry { get; set; }

    public byte[] Local { get; private set; } = [];

    public void GrowLocal(int bytes)
    {
        if (bytes > Local.Length)
        {
            var grown = Local;
            Array.Resize(ref grown, Math.Max(bytes, 2 * Local.Length));
            Local = grown;
        }
    }

    public int LocalTop => Frame.LocalBase + Frame.Function.FrameBytes;
}

/// <summary>Up to 32 threads of consecutive numbers.</summary>
internal sealed class Warp
{
    public required int Number { get; init; }

    public List<Lane> Lanes { get; } = [];
}
