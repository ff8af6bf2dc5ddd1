using Weir.Devices.Software.Contexts;

namespace Weir.Devices.Software.Execution;

/// <summary>A queue of commands that run one after another.</summary>
/// <param name="context">Context it belongs to.</param>
/// <param name="kind">How it stands to the legacy default stream.</param>
/// <param name="priority">Priority as the program gave it.</param>
internal sealed class DeviceStream(DeviceContext context, StreamKind kind, int priority)
{
    /// <summary>Context it belongs to.</summary>
    public DeviceContext Context { get; } = context;

    /// <summary>How it stands to the legacy default stream.</summary>
    public StreamKind Kind { get; } = kind;

    /// <summary>Priority as the program gave it.</summary>
    public int Priority { get; } = priority;

    /// <summary>Number that is never used again in this process.</summary>
    public ulong Id { get; } = Interlocked.Increment(ref lastId);

    /// <summary>Handle that the program holds; 0 for the default streams.</summary>
    public nint Handle { get; set; }

    /// <summary>The last command that is not done, or null when the stream is idle; guarded by the scheduler.</summary>
    internal Command? Last { get; set; }

    /// <summary>Place in the context's list of busy blocking streams; guarded by the scheduler.</summary>
    internal int BusyIndex { get; set; } = -1;

    private static ulong lastId;
}

/// <summary>How a stream is ordered against the legacy default stream.</summary>
internal enum StreamKind
{
    /// <summary>The legacy default stream itself: follows and is followed by all blocking streams.</summary>
    Legacy,

    /// <summary>Ordered against the legacy default stream.</summary>
    Blocking,

    /// <summary>Independent.</summary>
    NonBlocking,
}
