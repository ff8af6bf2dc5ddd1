namespace Weir.Worker.Sharing;

/// <summary>A session that may hold memory of a device, at one moment.</summary>
/// <param name="ResidentBytes">What it holds.</param>
/// <param name="IsBusy">It has work, or waits for memory to do it.</param>
/// <param name="UsedAt">When it last began or ended work, nanoseconds.</param>
/// <param name="HeldSince">Since when it holds memory without having been asked for it, nanoseconds; 0: it was asked and holds what is left.</param>
/// <param name="SwapNanoseconds">What moving 2 MiB of it costs, nanoseconds; 0: not known yet.</param>
/// <param name="WasCut">Its last turn ended because others waited, not because it paused: it may go on for ever.</param>
internal readonly record struct ArenaHolder(
    ulong ResidentBytes,
    bool IsBusy,
    long UsedAt,
    long HeldSince,
    uint SwapNanoseconds,
    bool WasCut = false
);
