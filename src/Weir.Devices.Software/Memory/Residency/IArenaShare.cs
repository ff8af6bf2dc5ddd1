namespace Weir.Devices.Software.Memory.Residency;

/// <summary>
/// A session's view of the memory that a device has, as a cache that its sessions share: what is resident counts, wherever the rest
/// is. All calls may come from any thread; none is made under a lock that <see cref="Serve"/>'s callback needs.
/// </summary>
public interface IArenaShare
{
    /// <summary>Size of the device's memory, bytes.</summary>
    ulong CapacityBytes { get; }

    /// <summary>Takes room for so many bytes; false, and nothing taken, when there is not so much.</summary>
    bool TryTake(ulong bytes);

    /// <summary>Gives room back; its pages are gone already.</summary>
    void Give(ulong bytes);

    /// <summary>
    /// Called after <see cref="TryTake"/> failed: asks other sessions for room and waits a while for it. False when no other has
    /// any: the caller has to make room itself.
    /// </summary>
    /// <param name="bytes">Room that is needed now.</param>
    /// <param name="comingBytes">Room that will be needed soon, to be asked for at once.</param>
    bool AwaitRoom(ulong bytes, ulong comingBytes);

    /// <summary>Told what it took to move one chunk of 2 MiB on or off the device.</summary>
    void Moved(long nanoseconds);

    /// <summary>Says who gives room back when others ask: the callback takes the bytes wanted and makes at most so much room.</summary>
    void Serve(Action<ulong> giveBack);
}
