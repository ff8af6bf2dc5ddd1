using Weir.Devices.Software.Contexts;

namespace Weir.Devices.Software.Execution;

/// <summary>A mark in a stream.</summary>
/// <param name="context">Context it belongs to.</param>
/// <param name="hasTime">False when it was created without timing.</param>
internal sealed class DeviceEvent(DeviceContext context, bool hasTime)
{
    /// <summary>Context it belongs to.</summary>
    public DeviceContext Context { get; } = context;

    /// <summary>False when it was created without timing.</summary>
    public bool HasTime { get; } = hasTime;

    /// <summary>Handle that the program holds.</summary>
    public nint Handle { get; set; }

    /// <summary>True once it has been recorded.</summary>
    public bool IsRecorded { get; private set; }

    /// <summary>When it was reached, nanoseconds of the monotonic clock.</summary>
    public long TimeNanoseconds { get; private set; }

    /// <summary>The recording that has not been reached, or null.</summary>
    public Command? Pending { get; private set; }

    /// <summary>True unless a recording has not been reached.</summary>
    public bool IsReached => Pending is null or { IsDone: true };

    /// <summary>As it was before its session moved.</summary>
    internal void Recall(bool isRecorded, long timeNanoseconds)
    {
        IsRecorded = isRecorded;
        Pending = null;
        TimeNanoseconds = timeNanoseconds;
    }

    /// <summary>A recording in an idle stream: reached at once.</summary>
    internal void Reach(long nowNanoseconds)
    {
        IsRecorded = true;
        Pending = null;
        TimeNanoseconds = nowNanoseconds;
    }

    /// <summary>A recording in a busy stream.</summary>
    internal void Expect(Command recording)
    {
        IsRecorded = true;
        Pending = recording;
    }

    /// <summary>The recording has been reached; an older one than the last counts for nothing.</summary>
    internal void Reach(Command recording, long nowNanoseconds)
    {
        if (Pending == recording)
        {
            TimeNanoseconds = nowNanoseconds;
            Pending = null;
        }
    }
}
