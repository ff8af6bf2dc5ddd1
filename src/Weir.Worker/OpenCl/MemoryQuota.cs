using Weir.Devices.Software.Memory;

namespace Weir.Worker.OpenCl;

/// <summary>What a session may have of its devices' memory.</summary>
/// <param name="Bytes">Most bytes; null: what the device has.</param>
/// <param name="Ledger">Where a lease's sessions share a quota; null without one.</param>
internal sealed record SessionSlice(ulong? Bytes, IMemoryLedger? Ledger);

/// <summary>Holds a session's memory objects to its slice.</summary>
internal sealed class MemoryQuota(SessionSlice? slice)
{
    private readonly Lock _gate = new();
    private ulong _used;

    /// <summary>Bytes in use.</summary>
    public ulong Used => _used;

    /// <summary>What a device's size is shown as.</summary>
    public ulong Clip(ulong deviceBytes) => slice?.Bytes is { } most && most < deviceBytes ? most : deviceBytes;

    /// <summary>False when there is not so much left.</summary>
    public bool TryTake(ulong bytes)
    {
        lock (_gate)
        {
            if (slice?.Bytes is { } most && (bytes > most || _used > most - bytes))
            {
                return false;
            }
            if (slice?.Ledger is { } ledger && !ledger.TryTake(bytes))
            {
                return false;
            }
            _used += bytes;
            return true;
        }
    }

    /// <summary>Gives back what was taken.</summary>
    public void Give(ulong bytes)
    {
        lock (_gate)
        {
            _used -= bytes;
            slice?.Ledger?.Give(bytes);
        }
    }
}
