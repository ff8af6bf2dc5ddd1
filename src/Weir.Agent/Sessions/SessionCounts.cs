using Weir.Wire;

namespace Weir.Agent.Sessions;

/// <summary>
/// What workers counted for a session before its present one, so that the session's counts never go back when another worker takes it over.
/// </summary>
internal sealed record SessionCounts(
    ulong BusyNs = 0,
    ulong CopyNs = 0,
    ulong WaitNs = 0,
    ulong Launches = 0,
    ulong Calls = 0,
    ulong BytesToDevice = 0,
    ulong BytesToHost = 0,
    ulong BytesOnDevice = 0,
    ulong PeakBytes = 0,
    ulong Sequence = 0
)
{
    /// <summary>These and what one more worker has counted.</summary>
    public SessionCounts With(in LeaseSlot slot) =>
        new(
            BusyNs + slot.BusyNanoseconds,
            CopyNs + slot.CopyNanoseconds,
            WaitNs + slot.WaitNanoseconds,
            Launches + slot.Launches,
            Calls + slot.Calls,
            BytesToDevice + slot.BytesToDevice,
            BytesToHost + slot.BytesToHost,
            BytesOnDevice + slot.BytesOnDevice,
            Math.Max(PeakBytes, slot.PeakBytes),
            Sequence + slot.Sequence
        );
}
