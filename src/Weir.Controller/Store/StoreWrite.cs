namespace Weir.Controller.Store;

/// <summary>A change on its way to the store.</summary>
/// <param name="Apply">The statements.</param>
/// <param name="Committed">Called once it is on disk, in the order in which writes were posted.</param>
/// <param name="Failed">
/// Called when it could not be written: the change is off, and what this returns is written as soon as possible. Null: the
/// change stays and is tried until it succeeds.
/// </param>
internal sealed record StoreWrite(
    Action<StoreSession> Apply,
    Action? Committed = null,
    Func<StoreException, Action<StoreSession>>? Failed = null
);
