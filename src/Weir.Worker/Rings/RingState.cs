using Weir.Wire;

namespace Weir.Worker.Rings;

/// <summary>One ring slot as the worker keeps it: made when the client first opens the slot, kept for the session's life.</summary>
/// <param name="segment">The segment.</param>
/// <param name="slot">Number of the slot.</param>
/// <param name="position">Where reading goes on.</param>
internal sealed unsafe class RingState(byte* segment, int slot, ulong position = 0)
{
    /// <summary>Number of the slot.</summary>
    public int Slot { get; } = slot;

    /// <summary>Consumer half; only the leading executor touches it.</summary>
    public RingReader Reader = new(segment, slot, position);

    /// <summary>It is among the rings that are looked at.</summary>
    public bool IsOpen { get; set; }

    /// <summary>Replies given so far.</summary>
    public uint ReplySequence;

    /// <summary>Stream that stands for the per-thread default stream of the client thread, by context.</summary>
    public Dictionary<nint, nint>? ThreadStreams;

    private volatile bool _isBusy;

    /// <summary>An executor carries out a call that blocks: nothing of this ring is taken until it has answered.</summary>
    public bool IsBusy
    {
        get => _isBusy;
        set => _isBusy = value;
    }
}
