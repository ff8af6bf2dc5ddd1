using Weir.Agent.Channels;
using Weir.Agent.Sessions;
using Weir.Protocol.Agents;

namespace Weir.Agent.Leases;

/// <summary>A lease that has shares on this node. Guarded by the node's lock.</summary>
internal sealed class LeaseState(LeaseGrant grant)
{
    private const uint DefaultGraceMs = 30_000;

    /// <summary>As the controller granted it.</summary>
    public LeaseGrant Grant { get; } = grant;

    /// <summary>Name.</summary>
    public string Name => Grant.Lease;

    /// <summary>Epoch.</summary>
    public ulong Epoch => Grant.Epoch;

    /// <summary>How long the last channel may stay closed.</summary>
    public TimeSpan Grace => TimeSpan.FromMilliseconds(Grant.GraceMs > 0 ? Grant.GraceMs : DefaultGraceMs);

    /// <summary>One page per share, in the order of the grant's shares.</summary>
    public List<LeasePageFile> Pages { get; } = [];

    /// <summary>Open channels of holders.</summary>
    public HashSet<HolderChannel> Holders { get; } = [];

    /// <summary>Its sessions, those too that are about to end.</summary>
    public HashSet<ClientSession> Sessions { get; } = [];

    /// <summary>Runs while nobody holds it.</summary>
    public Timer? Alone { get; set; }

    /// <summary>The controller was told that the holder is there (true) or lost (false); null: neither.</summary>
    public bool? ToldHeld { get; set; }

    /// <summary>Why it is over; null while it is not.</summary>
    public string? EndReason { get; set; }

    /// <summary>The last holder said that its program has ended.</summary>
    public bool IsGivenBack { get; set; }

    /// <summary>The controller said that its slices went back to the pool.</summary>
    public bool IsReleased { get; set; } = grant.Released;

    /// <summary>The controller was asked for its slices and has not answered.</summary>
    public bool HasWanted { get; set; }

    /// <summary>
    /// All of its sessions are parked, which the controller was told: its slices may be somebody else's by now, so they are asked for
    /// before a session comes back.
    /// </summary>
    public bool MayBeReleased =>
        IsReleased || (Sessions.Any(session => session.IsOpen) && Sessions.Where(session => session.IsOpen).All(IsOff));

    private static bool IsOff(ClientSession session) => session.Condition != SessionCondition.Attached;

    /// <summary>Somebody holds it: a channel is open, or a client is served, whose broker may have been killed.</summary>
    public bool IsHeld => Holders.Count > 0 || Sessions.Any(session => session.IsOpen || session.IsHandedOver);
}
