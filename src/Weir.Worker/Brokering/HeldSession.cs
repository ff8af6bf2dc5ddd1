using Weir.Posix;

namespace Weir.Worker.Brokering;

/// <summary>
/// A session as its broker keeps it: duplicates of what its worker has of the client, so that the worker's death need not be the
/// session's end, and what is under way with it.
/// </summary>
internal sealed class HeldSession(int client, int processId, string program)
{
    /// <summary>The client's socket.</summary>
    public int Client { get; } = client;

    /// <summary>Process id of the client.</summary>
    public int ProcessId { get; } = processId;

    /// <summary>Path of the client's program.</summary>
    public string Program { get; } = program;

    /// <summary>The segment; -1 until the worker has sent it.</summary>
    public int Segment { get; set; } = -1;

    /// <summary>The host half of the window; -1 until the worker has sent it.</summary>
    public int HostMemory { get; set; } = -1;

    /// <summary>The worker that serves it; null when that was lost.</summary>
    public WorkerSlot? Worker { get; set; }

    /// <summary>The worker that takes it over; null while none does.</summary>
    public WorkerSlot? Target { get; set; }

    /// <summary>attached, parked, waiting or lost.</summary>
    public string State { get; set; } = "attached";

    /// <summary>What was asked and is not answered; null for nothing.</summary>
    public string? Verb { get; set; }

    /// <summary>Who asked: a connection, or -1 for the broker itself.</summary>
    public int Asker { get; set; } = -1;

    /// <summary>Folder that the image is being written to or read from.</summary>
    public string? Folder { get; set; }

    /// <summary>An image shall be written as soon as nothing else is under way.</summary>
    public bool NeedsImage { get; set; }

    /// <summary>The log of its calls since the last image; -1 when there is none.</summary>
    public int CallLog { get; set; } = -1;

    /// <summary>Folder of the image that holds the memory of a parked session; null when it is not parked, or in the host's memory.</summary>
    public string? ParkedIn { get; set; }

    /// <summary>Folder of the last whole image; null when there is none.</summary>
    public string? Image { get; set; }

    /// <summary>When the next periodic image is due.</summary>
    public DateTime NextImage { get; set; } = DateTime.MaxValue;

    /// <summary>A session that was lost and is not restored by then is given up.</summary>
    public DateTime GivenUp { get; set; } = DateTime.MaxValue;

    /// <summary>Another worker could take it.</summary>
    public bool IsPortable => Segment >= 0 && HostMemory >= 0;

    /// <summary>Lets go of the client: when its worker has gone too, the client sees the end.</summary>
    public void Close()
    {
        _ = Libc.close(Client);
        _ = Segment >= 0 ? Libc.close(Segment) : 0;
        _ = HostMemory >= 0 ? Libc.close(HostMemory) : 0;
        _ = CallLog >= 0 ? Libc.close(CallLog) : 0;
    }
}
