using Weir.Agent.Channels;
using Weir.Agent.Devices;
using Weir.Agent.Leases;
using Weir.Agent.Workers;
using Weir.Protocol.Agents;

namespace Weir.Agent.Sessions;

/// <summary>A client's session on one device of this node. Guarded by the node's lock.</summary>
internal sealed class ClientSession
{
    /// <summary>What is kept of it in the book.</summary>
    public required SessionRecord Record { get; init; }

    /// <summary>Its lease.</summary>
    public required LeaseState Lease { get; init; }

    /// <summary>Its device.</summary>
    public required DeviceState Device { get; init; }

    /// <summary>Its worker.</summary>
    public required Worker Worker { get; init; }

    /// <summary>The channel that asked for it; null after a restart of the agent.</summary>
    public HolderChannel? Channel { get; set; }

    /// <summary>Its client is there; before, it was only promised.</summary>
    public bool IsOpen { get; set; }

    /// <summary>Its worker has the client's socket, so it does without its holder.</summary>
    public bool IsHandedOver { get; set; }

    /// <summary>Why the agent ends it; null when it does not.</summary>
    public string? EndReason { get; set; }

    /// <summary>Ends it for good when its worker does not.</summary>
    public Timer? Deadline { get; set; }

    /// <summary>The page with its counts.</summary>
    public LeasePageFile Page => Lease.Pages[Record.Share];

    /// <summary>What it uses, as its worker last wrote it.</summary>
    public SessionUsage Usage()
    {
        Wire.LeaseSlot slot = Page.Read(Record.Slot);
        return new SessionUsage
        {
            Session = Record.Session,
            Device = Device.Uuid,
            BusyNs = slot.BusyNanoseconds,
            MemoryBytes = slot.UsedBytes,
            Launches = slot.Launches,
        };
    }

    /// <summary>As the controller is told of it.</summary>
    public SessionReport ToMessage() =>
        new()
        {
            Session = Record.Session,
            Lease = Record.Lease,
            Epoch = Record.Epoch,
            State = SessionState.SessionOpen,
            ClientProcess = (uint)Math.Max(0, Record.ClientProcess),
            ClientProgram = Record.ClientProgram,
            ClientHost = Record.ClientHost,
            Devices = { Device.Uuid },
            StartedMs = Record.StartedMs,
        };
}
