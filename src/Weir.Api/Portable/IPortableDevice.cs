namespace Weir.Api;

/// <summary>
/// What a device offers beside <see cref="IDriver"/> so that a session's state can leave it and come back, on this or another device of
/// its kind. No call is under way while these are used.
/// </summary>
public interface IPortableDevice
{
    /// <summary>No work is under way or waiting on any stream.</summary>
    bool IsIdle { get; }

    /// <summary>The clock that times of events are of, nanoseconds.</summary>
    long Clock { get; }

    /// <summary>
    /// Where the next allocations lie, one after the other, each counted once whatever asks for it; also the numbers that the next texture
    /// objects get. Replaces what is left of the last call.
    /// </summary>
    void Place(ReadOnlySpan<ulong> places);

    /// <summary>What an object occupies, as <see cref="Place"/> wants it before the object is made anew.</summary>
    ulong[] PlacesOf(HandleKind kind, nint handle);

    /// <summary>What the device knows of an object that no record gives back empty for nothing.
    /// Events: the time at which it was reached, of <see cref="Clock"/>. Contexts: the error that ended their use, or 0, and
    /// what else the device keeps of them. None, with handle 0: what the device keeps of no object (text that kernels printed and nobody took). Pools: most bytes in use so far.</summary>
    long[] ReadState(HandleKind kind, nint handle);

    /// <summary>Gives an object that was made anew what <see cref="ReadState"/> told of it.</summary>
    void WriteState(HandleKind kind, nint handle, ReadOnlySpan<long> state);

    /// <summary>
    /// Saves the memory, in pieces of <see cref="PieceBytes"/>. Pieces that are all zeros are not mentioned; physical memory that the program maps
    /// itself comes under keys in place of addresses.
    /// </summary>
    /// <param name="write">Gets the address and the content of each piece that may have changed.</param>
    /// <param name="since">An earlier answer: only what may have changed since is written. Null: everything.</param>
    /// <param name="isStill">Nothing runs and no call is made meanwhile. False: the program goes on; what it writes meanwhile is in the next save.</param>
    /// <returns>The moment, and all pieces that are not zero, those that were not written included.</returns>
    SavedPieces SaveMemory(PieceWriter write, object? since, bool isStill = true);

    /// <summary>Makes the memory of all live allocations what was saved; what was not is zeros.</summary>
    /// <param name="read">Fills a piece; asked until <paramref name="whenLoaded"/>, perhaps on several threads.</param>
    /// <param name="pieces">All pieces that are not zero.</param>
    /// <param name="isLazy">What is touched comes first, the rest by and by, and this returns at once, where the device can do that.</param>
    /// <param name="whenLoaded">Told when nothing more will be asked for, with what went wrong or null.</param>
    /// <exception cref="IOException">A piece cannot be read.</exception>
    void RestoreMemory(PieceReader read, IEnumerable<ulong> pieces, bool isLazy, Action<Exception?> whenLoaded);

    /// <summary>
    /// The moment, for a save after which only what is written from now on counts: memory is now what an image holds. Nothing runs meanwhile.
    /// </summary>
    object MarkMemory();

    /// <summary>Takes all memory off the device and forgets it: it has been saved, and <see cref="RestoreMemory"/> comes before the next touch.</summary>
    void DiscardMemory();

    /// <summary>
    /// Takes all memory off the device and keeps it in the host's memory, from where a touch brings it back. False when that cannot be done here, or
    /// not with all of it: what could not leave has stayed.
    /// </summary>
    bool ReleaseMemory();

    /// <summary>Begins to bring back what <see cref="ReleaseMemory"/> took; what is touched comes first.</summary>
    void RecallMemory();

    /// <summary>Size of a piece, bytes; its address is a multiple of it.</summary>
    const int PieceBytes = 2 << 20;
}

/// <summary>Takes a piece of saved memory.</summary>
/// <param name="address">First address.</param>
/// <param name="content">Its bytes; valid during the call only.</param>
public delegate void PieceWriter(ulong address, ReadOnlySpan<byte> content);

/// <summary>Gives a piece of saved memory.</summary>
/// <param name="address">First address.</param>
/// <param name="content">To be filled.</param>
public delegate void PieceReader(ulong address, Span<byte> content);

/// <summary>What a save found.</summary>
/// <param name="Moment">For the next one; means something to this device only.</param>
/// <param name="Pieces">Addresses of all pieces that are not zero, in order.</param>
public readonly record struct SavedPieces(object Moment, IReadOnlyList<ulong> Pieces);
