using System.Text.Json.Serialization;
using Weir.Protocol.Rest;

namespace Weir.Controller.State;

/// <summary>A lease that is on its way to another node: its slices there are its own already, and so are those that it comes from, until one of both is given back.</summary>
/// <param name="Node">Where it goes.</param>
/// <param name="Epoch">Its epoch there.</param>
/// <param name="Slices">Its slices there.</param>
/// <param name="ArrivalHash">SHA-256, hex, of what the node that the session comes from has to show there.</param>
/// <param name="Request">Number of what the session's agent was asked; its answer decides.</param>
/// <param name="Session">The session, as it is named where it comes from.</param>
/// <param name="ParksOtherwise">When it cannot go, it is parked where it is.</param>
internal sealed record LeaseMove(
    string Node,
    ulong Epoch,
    IReadOnlyList<SliceView> Slices,
    string ArrivalHash,
    ulong Request,
    string Session,
    bool ParksOtherwise
)
{
    /// <summary>Its holder is there already.</summary>
    [JsonIgnore]
    public bool IsHeld { get; set; }

    /// <summary>What stands for the slices over there in the scheduling library's books.</summary>
    [JsonIgnore]
    public LeaseState? Shadow { get; set; }
}
