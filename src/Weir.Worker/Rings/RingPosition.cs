namespace Weir.Worker.Rings;

/// <summary>How far a ring has been read and answered.</summary>
/// <param name="Slot">Number of the slot.</param>
/// <param name="Bytes">Bytes consumed since the session began.</param>
/// <param name="Replies">Replies given.</param>
internal readonly record struct RingPosition(int Slot, ulong Bytes, uint Replies);
