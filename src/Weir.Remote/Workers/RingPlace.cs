namespace Weir.Remote.Workers;

/// <summary>How far a client's ring has been read and answered, for whoever goes on with it.</summary>
/// <param name="Slot">Number of the ring.</param>
/// <param name="Bytes">Bytes read since the session began.</param>
/// <param name="Replies">Replies given.</param>
internal sealed record RingPlace(int Slot, ulong Bytes, uint Replies);
