using Weir.Controller.State;
using Weir.Controller.Store;

namespace Weir.Controller.Access;

/// <summary>Who changed what. Written with the change it describes.</summary>
internal sealed class AuditLog(ClusterState state, CommitQueue commits, ControllerClock clock)
{
    /// <summary>Appends a line. Called under <see cref="ClusterState.Gate"/>.</summary>
    public void Add(Caller caller, string action, string subject, string detail = "") =>
        commits.Post(new StoreWrite(Writes.Audit(++state.LastAudit, clock.Now, caller.User, action, subject, detail)));
}
