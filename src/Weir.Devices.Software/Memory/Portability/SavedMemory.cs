namespace Weir.Devices.Software.Memory.Portability;

/// <summary>What a save found.</summary>
/// <param name="Mark">The moment: a later save may ask for what changed since.</param>
/// <param name="Pieces">Every piece that is not all zero, in order of address, those that were not written included.</param>
/// <param name="WrittenPieces">How many of them went to the sink.</param>
public sealed record SavedMemory(ChangeMark Mark, IReadOnlyList<ulong> Pieces, int WrittenPieces)
{
    /// <summary>Bytes that went to the sink.</summary>
    public ulong WrittenBytes => (ulong)WrittenPieces * PortableMemory.PieceBytes;
}
