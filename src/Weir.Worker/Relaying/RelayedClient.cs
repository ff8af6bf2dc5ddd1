using Weir.Remote.Sessions;
using Weir.Wire;
using Weir.Worker.Attach;
using Weir.Worker.Sessions;
using Libc = Weir.Posix.Libc;

namespace Weir.Worker.Relaying;

/// <summary>
/// What a relay shares with the client beside it: segment and page-locked memory, as the client believes to share them with a worker. What the
/// client can write is checked here, what the worker says is checked too: neither may make the relay touch anything else.
/// </summary>
internal sealed unsafe class RelayedClient
{
    private readonly byte* _host;

    private RelayedClient(byte* segment, byte* host, Window window, int segmentFile, int hostFile)
    {
        Segment = segment;
        _host = host;
        Window = window;
        SegmentFile = segmentFile;
        HostFile = hostFile;
    }

    /// <summary>The segment as mapped here.</summary>
    public byte* Segment { get; }

    /// <summary>Its first page.</summary>
    public ControlPage* Control => SegmentLayout.Control(Segment);

    /// <summary>Addresses of the client's window.</summary>
    public Window Window { get; }

    /// <summary>Descriptor of the segment, for the client.</summary>
    public int SegmentFile { get; }

    /// <summary>Descriptor of the page-locked memory, for the client.</summary>
    public int HostFile { get; }

    /// <summary>Makes both; null when there is no memory.</summary>
    public static RelayedClient? Create(Window window)
    {
        int segmentFile = Mapping.CreateShared("weir-segment", SegmentLayout.SegmentBytes);
        int hostFile = Mapping.CreateShared("weir-host", (long)(window.Bytes / 2));
        byte* segment = Mapping.Map(segmentFile, SegmentLayout.SegmentBytes);
        byte* host = Mapping.Map(hostFile, (long)(window.Bytes / 2));
        if (segment == null || host == null)
        {
            return null;
        }
        ControlPage* control = SegmentLayout.Control(segment);
        control->Magic = SegmentLayout.Magic;
        control->Version = SegmentLayout.Version;
        Volatile.Write(ref control->State, (uint)SessionState.Open);
        var client = new RelayedClient(segment, host, window, segmentFile, hostFile);
        client.Begin();
        return client;
    }

    /// <summary>Maps what a client shares with its worker, without changing anything of it; null when it cannot be, or is none.</summary>
    /// <param name="window">The client's window.</param>
    /// <param name="segmentFile">The segment.</param>
    /// <param name="hostFile">The page-locked memory.</param>
    public static RelayedClient? Adopt(Window window, int segmentFile, int hostFile)
    {
        byte* segment = Mapping.Map(segmentFile, SegmentLayout.SegmentBytes);
        byte* host = Mapping.Map(hostFile, (long)(window.Bytes / 2));
        if (
            segment == null
            || host == null
            || SegmentLayout.Control(segment)->Magic != SegmentLayout.Magic
            || SegmentLayout.Control(segment)->Version != SegmentLayout.Version
        )
        {
            return null;
        }
        return new RelayedClient(segment, host, window, segmentFile, hostFile);
    }

    /// <summary>This process serves the client from now on.</summary>
    public void Begin()
    {
        Control->WorkerPid = Environment.ProcessId;
        Control->WorkerFences = Doorbell.TryGlobalFence() ? 1u : 0u;
    }

    /// <summary>Closes the descriptors, which the client has now.</summary>
    public void CloseFiles()
    {
        _ = Libc.close(SegmentFile);
        _ = Libc.close(HostFile);
    }

    /// <summary>Page-locked memory of the client as mapped here; false when the range is none.</summary>
    public bool TryHost(ulong address, ulong bytes, out byte* data)
    {
        bool isHost = Window.IsHost(address, bytes);
        data = isHost ? _host + (address - Window.HostBase) : null;
        return isHost;
    }

    /// <summary>Shows the client what it may know without asking.</summary>
    public void Show(SessionStatus status)
    {
        Volatile.Write(ref Control->StickyError, status.StickyError);
        Volatile.Write(ref Control->LatchedErrors, status.LatchedErrors);
    }

    /// <summary>The session is over: all waits of the client end.</summary>
    public void Close()
    {
        Volatile.Write(ref Control->State, (uint)SessionState.Closed);
        _ = Interlocked.Exchange(ref Control->WorkerSleeping, 0);
        Futex.Wake(&Control->WorkerSleeping);
    }
}
