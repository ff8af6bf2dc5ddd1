using Weir.Api;
using Weir.Wire;
using Weir.Worker.Handles;
using Weir.Worker.Logging;
using Weir.Worker.Portable;
using Weir.Worker.Rings;

namespace Weir.Worker.Sessions;

/// <summary>
/// All that belongs to one client: its segment and window, the device's driver, handles, errors, counts. Several could
/// live in one process; nothing of it is static.
/// </summary>
internal sealed unsafe class Session
{
    private readonly Lock _ending = new();
    private Action? _whenEnded;
    private Action<CuResult>? _whenFaulty;

    public Session(
        byte* segment,
        Window window,
        int hostMemory,
        IDriver driver,
        byte[] snapshot,
        Remote.RemoteStaging? staging = null
    )
    {
        Snapshot = snapshot;
        Segment = segment;
        Window = window;
        HostMemory = hostMemory;
        Driver = driver;
        Settling = driver as ISettlingDriver;
        Rings = new RingSet(segment);
        Staging = new StagingUse(this, staging);
        Errors = new LatchedErrors(SegmentLayout.Control(segment));
        Callbacks = new ClientCallbacks(this);
        _openCl = new Lazy<OpenCl.OpenClSession>(() => new OpenCl.OpenClSession(this));
    }

    private readonly Lazy<OpenCl.OpenClSession> _openCl;

    /// <summary>What the session has of OpenCL.</summary>
    public OpenCl.OpenClSession OpenCl => _openCl.Value;

    /// <summary>What the session may have of its devices; null: all.</summary>
    public OpenCl.SessionSlice? Slice { get; init; }

    /// <summary>The session segment as mapped here.</summary>
    public byte* Segment { get; }

    /// <summary>First page of the segment.</summary>
    public ControlPage* Control => SegmentLayout.Control(Segment);

    /// <summary>Addresses that client and worker share.</summary>
    public Window Window { get; }

    /// <summary>Descriptor of the host half of the window.</summary>
    public int HostMemory { get; }

    /// <summary>The device.</summary>
    public IDriver Driver { get; }

    /// <summary>What the client knows of the devices without asking.</summary>
    public byte[] Snapshot { get; }

    /// <summary>The client's handle of each device's primary context, by device.</summary>
    public Dictionary<int, ulong> PrimaryContexts { get; } = [];

    /// <summary>The client's handles.</summary>
    public HandleTables Handles { get; } = new();

    /// <summary>What the session's state consists of.</summary>
    public Journal Journal { get; init; } = new();

    /// <summary>The device when it leaves short work to whoever calls it, else null.</summary>
    public ISettlingDriver? Settling { get; }

    /// <summary>The device when a session's state can leave it, else null.</summary>
    public IPortableDevice? Portable => Driver as IPortableDevice;

    /// <summary>Descriptor of the segment; -1 when there is none to share.</summary>
    public int SegmentFile { get; init; } = -1;

    /// <summary>What was asked for since the last image, when it shall be done again after this worker's death; else null.</summary>
    public Replaying.CallLog? CallLog { get; set; }

    /// <summary>What it finds of an older session; null when it begins with nothing.</summary>
    public WarmStart? Warm { get; set; }

    /// <summary>The client's rings.</summary>
    public RingSet Rings { get; }

    /// <summary>Staging ranges that the device still uses.</summary>
    public StagingUse Staging { get; }

    /// <summary>Blobs that are still being sent.</summary>
    public BlobStore Blobs { get; } = new();

    /// <summary>Host functions of the client.</summary>
    public ClientCallbacks Callbacks { get; }

    /// <summary>The driver is told of host memory that is handed out, so that it can pin it.</summary>
    public bool RegistersHostMemory { get; init; }

    /// <summary>The client when it is on another node, else null: it sees the segment itself.</summary>
    public Remote.RemoteClient? Remote { get; set; }

    /// <summary>Errors of posts.</summary>
    public LatchedErrors Errors { get; }

    /// <summary>Counts.</summary>
    public SessionStatistics Statistics { get; } = new();

    /// <summary>No more records are taken.</summary>
    public bool HasEnded => _hasEnded;

    private volatile bool _hasEnded;

    /// <summary>Why the session was ended by the worker; null when the client closed it.</summary>
    public string? Violation { get; private set; }

    /// <summary>Called once, when the session has ended for whatever reason; at once when it has already.</summary>
    public void WhenEnded(Action action)
    {
        lock (_ending)
        {
            if (!HasEnded)
            {
                _whenEnded = action;
                return;
            }
        }
        action();
    }

    /// <summary>Called, perhaps several times, with errors that mean that the device itself failed.</summary>
    public void WhenFaulty(Action<CuResult> action) => _whenFaulty = action;

    /// <summary>The device itself failed, not what ran on it.</summary>
    public void NoteFault(CuResult error) => _whenFaulty?.Invoke(error);

    /// <summary>Ends the session; the first reason counts. Null: the client has gone.</summary>
    public void End(string? violation)
    {
        lock (_ending)
        {
            if (HasEnded)
            {
                return;
            }
            _hasEnded = true;
            Violation = violation;
        }
        if (violation is not null)
        {
            Log.Error($"the session ends: {violation}");
        }
        Volatile.Write(ref Control->State, (uint)SessionState.Closed);
        _ = Interlocked.Exchange(ref Control->WorkerSleeping, 0);
        Futex.Wake(&Control->WorkerSleeping);
        _whenEnded?.Invoke();
    }

    /// <summary>
    /// The context's work is lost (errors that the API calls sticky): polls may say so without asking, and nobody waits for
    /// staging that the device will not touch any more.
    /// </summary>
    public void NoteSticky(CuResult error)
    {
        Volatile.Write(ref Control->StickyError, (int)error);
        Staging.FailAll();
    }

    /// <summary>
    /// True for errors by which a device says that it is broken: memory that cannot be corrected, a link that is down, a
    /// device that does not answer.
    /// </summary>
    public static bool IsDeviceFault(CuResult error) => (int)error is 46 or 214 or 220 or 226 or 802;

    /// <summary>True for errors after which a context is of no use.</summary>
    public static bool IsSticky(CuResult error) => (int)error is 700 or 702 or 710 or (>= 714 and <= 719);
}
