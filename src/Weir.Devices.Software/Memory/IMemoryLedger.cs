namespace Weir.Devices.Software.Memory;

/// <summary>
/// Asked before memory is given out and told when it is given back, where several devices live on one promise (the
/// sessions of a lease). Called under the arena's lock: it neither waits nor calls back.
/// </summary>
public interface IMemoryLedger
{
    /// <summary>Takes so many bytes from what is left; false, and nothing taken, when there is not enough.</summary>
    bool TryTake(ulong bytes);

    /// <summary>Gives back what was taken.</summary>
    void Give(ulong bytes);

    /// <summary>Bytes that may still be taken.</summary>
    ulong Left { get; }
}
