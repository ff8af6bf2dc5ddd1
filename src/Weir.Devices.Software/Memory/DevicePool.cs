namespace Weir.Devices.Software.Memory;

/// <summary>
/// A pool for allocations in stream order. It takes memory from the device when a program asks and gives it back when the
/// stream reaches the free: nothing is held in between, so what is reserved is what is used. Guarded by its own lock.
/// </summary>
internal sealed class DevicePool(ulong maxBytes, bool isDefault)
{
    private readonly Lock gate = new();

    /// <summary>Most bytes in use at a time.</summary>
    public ulong MaxBytes { get; } = maxBytes;

    /// <summary>True for the one that the device has by itself.</summary>
    public bool IsDefault { get; } = isDefault;

    /// <summary>Handle that the program holds.</summary>
    public nint Handle { get; set; }

    /// <summary>Bytes in use.</summary>
    public ulong UsedBytes { get; private set; }

    /// <summary>Most of them since the last reset, bytes.</summary>
    public ulong UsedHighBytes { get; private set; }

    /// <summary>What the program set as bytes to keep; kept for it to read.</summary>
    public ulong ReleaseThresholdBytes { get; set; }

    /// <summary>The reuse switches (attributes 1 to 3); all reuse there is happens when a free has been carried out.</summary>
    public bool[] Reuse { get; } = [true, true, true];

    /// <summary>Counts an allocation; false when the pool is full.</summary>
    public bool TryTake(ulong bytes)
    {
        lock (gate)
        {
            if (bytes > MaxBytes - UsedBytes)
            {
                return false;
            }
            UsedBytes += bytes;
            UsedHighBytes = Math.Max(UsedHighBytes, UsedBytes);
            return true;
        }
    }

    /// <summary>Counts a free.</summary>
    public void GiveBack(ulong bytes)
    {
        lock (gate)
        {
            UsedBytes -= bytes;
        }
    }

    /// <summary>The high-water mark as it was before the session moved.</summary>
    public void RecallHigh(ulong bytes)
    {
        lock (gate)
        {
            UsedHighBytes = Math.Max(bytes, UsedBytes);
        }
    }

    /// <summary>Starts the high-water mark anew.</summary>
    public void ResetHigh()
    {
        lock (gate)
        {
            UsedHighBytes = UsedBytes;
        }
    }
}
