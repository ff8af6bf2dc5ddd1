namespace Weir.Devices.Software.Memory.Residency;

/// <summary>The memory of a device that one session has alone.</summary>
/// <param name="capacityBytes">Its size.</param>
internal sealed class OwnArena(ulong capacityBytes) : IArenaShare
{
    private long used;

    public ulong CapacityBytes { get; } = capacityBytes;

    /// <summary>Bytes taken.</summary>
    public ulong UsedBytes => (ulong)Interlocked.Read(ref used);

    public bool TryTake(ulong bytes)
    {
        if ((ulong)Interlocked.Add(ref used, (long)bytes) <= CapacityBytes)
        {
            return true;
        }
        Give(bytes);
        return false;
    }

    public void Give(ulong bytes) => _ = Interlocked.Add(ref used, -(long)bytes);

    public bool AwaitRoom(ulong bytes, ulong comingBytes) => false;

    public void Moved(long nanoseconds) { }

    public void Serve(Action<ulong> giveBack) { }
}
