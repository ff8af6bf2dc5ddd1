using Weir.Protocol.Rest;

namespace Weir.Controller.Leases;

/// <summary>A claim that waits for room.</summary>
internal sealed class PendingClaim(string id, ResolvedClaim claim, long since, long until)
{
    /// <summary>"c-…".</summary>
    public string Id => id;

    public ResolvedClaim Claim => claim;

    /// <summary>Unix time, milliseconds.</summary>
    public long Since => since;

    /// <summary>It is refused then.</summary>
    public long Until => until;

    public TaskCompletionSource<GrantView> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
}
