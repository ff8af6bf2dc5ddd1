using Weir.Agent.Workers;
using Weir.Protocol.Agents;

namespace Weir.Agent.Sessions;

/// <summary>Something that is under way with a session's state.</summary>
/// <param name="Action">What was asked for.</param>
/// <param name="Request">The controller's number of it; 0: the agent's own idea.</param>
/// <param name="Folder">Folder of the image.</param>
internal sealed record SessionErrand(SessionAction Action, ulong Request, string Folder)
{
    /// <summary>Its way to another node; null when it stays on this one.</summary>
    public Departure? Departure { get; init; }

    /// <summary>The worker that takes the session over; null while none does.</summary>
    public Worker? Target { get; set; }

    /// <summary>What the old worker's place in the share's page said: the target has to have as much while both are there.</summary>
    public Wire.LeaseSlot Before { get; set; }

    /// <summary>Place in the share's page that the target has.</summary>
    public int Slot { get; set; }
}
