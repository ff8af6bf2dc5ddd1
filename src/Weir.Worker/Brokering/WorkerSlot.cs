using Weir.Posix;

namespace Weir.Worker.Brokering;

/// <summary>A worker process as its broker sees it.</summary>
internal sealed class WorkerSlot(int processId, int control)
{
    /// <summary>Process id.</summary>
    public int ProcessId { get; } = processId;

    /// <summary>Readable when the process has ended.</summary>
    public int Pidfd { get; } = Libc.PidfdOpen(processId);

    /// <summary>The broker's end of the socket between them.</summary>
    public int Control { get; } = control;

    /// <summary>Its device is open.</summary>
    public bool IsReady { get; set; }

    /// <summary>Process id of the client that it serves; 0 while it has none.</summary>
    public int ClientProcessId { get; set; }

    /// <summary>
    /// The client's socket until the worker says that it serves it, else -1: should the worker die before, another gets
    /// the client.
    /// </summary>
    public int PendingClient { get; set; } = -1;

    /// <summary>How many workers have died of this client, or before they could take it.</summary>
    public int Reassigned { get; set; }

    /// <summary>Its client is gone and only its end is awaited, or it closed its socket.</summary>
    public bool IsSilent { get; set; }

    /// <summary>The session that it serves, once it does.</summary>
    public HeldSession? Session { get; set; }

    /// <summary>Closes the descriptors and takes the exit status; the process has ended.</summary>
    public unsafe int Reap()
    {
        int status = 0;
        _ = Libc.waitpid(ProcessId, &status, 0);
        _ = Libc.close(Pidfd);
        _ = Libc.close(Control);
        return status;
    }
}
