using Weir.Controller.State;
using Weir.Controller.Store;
using Weir.Protocol.Rest;

namespace Weir.Controller.Leases;

/// <summary>Something that changes with a grant, or not at all. All are called under the gate.</summary>
/// <param name="Write">Makes the change in memory and returns its statements.</param>
/// <param name="Announce">The grant is on disk.</param>
/// <param name="Undo">The grant could not be written.</param>
internal sealed record GrantCompanion(
    Func<LeaseState, Action<StoreSession>> Write,
    Action<GrantView> Announce,
    Action Undo
);
