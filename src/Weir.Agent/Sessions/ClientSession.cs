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
    public required SessionRecord Record { get; set; }

    /// <summary>Its lease.</summary>
    public required LeaseState Lease { get; init; }

    /// <summary>Its device.</summary>
    public required DeviceState Device { get; init; }

    /// <summary>Its worker.</summary>
    public required Worker Worker { get; set; }

    /// <summary>The channel that asked for it; null after a restart of the agent.</summary>
    public HolderChannel? Channel { get; set; }

    /// <summary>Its client is there; before, it was only promised.</summary>
    public bool IsOpen { get; set; }

    /// <summary>Its worker has the client's socket, so it does without its holder.</summary>
    public bool IsHandedOver { get; set; }

    /// <summary>Where its state is.</summary>
    public SessionCondition Condition { get; set; }

    /// <summary>Its worker was told to bring it back and has not answered.</summary>
    public bool IsComingBack { get; set; }

    /// <summary>What is under way with its state; null: nothing.</summary>
    public SessionErrand? Errand { get; set; }

    /// <summary>Folder of its last whole image; null when there is none.</summary>
    public string? Image { get; set; }

    /// <summary>How long its program had made no call when its worker was asked last, seconds.</summary>
    public double IdleSeconds { get; set; }

    /// <summary>It has refused to be parked for being idle: it is not asked again.</summary>
    public bool CannotPark { get; set; }

    /// <summary>A duplicate of its client's socket; -1: none.</summary>
    public int Client { get; set; } = -1;

    /// <summary>The segment that client and worker share; -1 until the worker has sent it.</summary>
    public int Segment { get; set; } = -1;

    /// <summary>The host half of the window; -1 until the worker has sent it.</summary>
    public int HostMemory { get; set; } = -1;

    /// <summary>What the worker said that takes it over from another node; null until then.</summary>
    public Remote.Workers.StateReport? Restored { get; set; }

    /// <summary>It is over, and no longer in the book.</summary>
    public bool HasEnded { get; set; }

    /// <summary>What was asked before the worker had sent its descriptors; done when they come.</summary>
    public List<SessionCommand> Early { get; } = [];

    /// <summary>Duplicates of what client and worker share: socket, segment, host memory.</summary>
    /// <exception cref="MoveException">They are not all there.</exception>
    public int[] Duplicates()
    {
        if (!IsPortable)
        {
            throw new MoveException("the node's agent was started again since it began: it cannot be given away");
        }
        return
        [
            .. new[] { Client, Segment, HostMemory }.Select(end =>
                Posix.Libc.fcntl(end, Posix.Libc.F_DUPFD_CLOEXEC, 3)
            ),
        ];
    }

    /// <summary>Another worker could take it.</summary>
    public bool IsPortable => Client >= 0 && Segment >= 0 && HostMemory >= 0;

    /// <summary>Lets go of the client: when its worker has gone too, the client sees the end.</summary>
    public void CloseEnds()
    {
        foreach (int end in (int[])[Client, Segment, HostMemory])
        {
            if (end >= 0)
            {
                _ = Posix.Libc.close(end);
            }
        }
        (Client, Segment, HostMemory) = (-1, -1, -1);
    }

    /// <summary>Why the agent ends it; null when it does not.</summary>
    public string? EndReason { get; set; }

    /// <summary>Ends it for good when its worker does not.</summary>
    public Timer? Deadline { get; set; }

    private ulong _hostNanoseconds;
    private ulong _hostBytes;

    /// <summary>The page with its counts.</summary>
    public LeasePageFile Page => Lease.Pages[Record.Share];

    /// <summary>What it uses, as its worker last wrote it, with what workers before it counted.</summary>
    public SessionUsage Usage()
    {
        Wire.LeaseSlot slot = Page.Read(Record.Slot);
        NoteHost();
        SessionUsage usage = Report(Record, Device.Uuid, slot);
        // What a parked session has counts against its lease's quota, but is not on the device.
        usage.MemoryBytes = Condition == SessionCondition.Attached ? slot.UsedBytes : 0;
        usage.HostNs = _hostNanoseconds;
        usage.HostMemoryBytes = _hostBytes;
        return usage;
    }

    /// <summary>What a worker has counted is kept, because another one takes its place and begins at zero.</summary>
    public void Carry(in Wire.LeaseSlot slot) =>
        Record = Record with { Carried = (Record.Carried ?? new SessionCounts()).With(slot) };

    /// <summary>The counts of a session.</summary>
    public static SessionUsage Report(SessionRecord record, string device, in Wire.LeaseSlot slot)
    {
        SessionCounts all = (record.Carried ?? new SessionCounts()).With(slot);
        return new SessionUsage
        {
            Session = record.Session,
            Device = device,
            Sequence = all.Sequence,
            BusyNs = all.BusyNs,
            CopyNs = all.CopyNs,
            WaitNs = all.WaitNs,
            Launches = all.Launches,
            Calls = all.Calls,
            BytesToDevice = all.BytesToDevice,
            BytesToHost = all.BytesToHost,
            BytesOnDevice = all.BytesOnDevice,
            PeakMemoryBytes = all.PeakBytes,
        };
    }

    // Of a program on this machine; one that has ended used what it had used when it was looked at last.
    private void NoteHost()
    {
        if (Record.ClientHost.Length == 0 && ProcessFacts.UsageOf(Record.ClientProcess) is { } host)
        {
            _hostNanoseconds = Math.Max(_hostNanoseconds, host.Nanoseconds);
            _hostBytes = host.Bytes;
        }
    }

    /// <summary>As the controller is told of it.</summary>
    public SessionReport ToMessage() =>
        new()
        {
            Session = Record.Session,
            Lease = Record.Lease,
            Epoch = Record.Epoch,
            State = Condition switch
            {
                SessionCondition.Attached => SessionState.SessionOpen,
                SessionCondition.Waiting => SessionState.SessionWaiting,
                _ => SessionState.SessionParked,
            },
            ClientProcess = (uint)Math.Max(0, Record.ClientProcess),
            ClientProgram = Record.ClientProgram,
            ClientHost = Record.ClientHost,
            Devices = { Device.Uuid },
            StartedMs = Record.StartedMs,
            Leaving = Errand?.Departure is not null,
        };
}
