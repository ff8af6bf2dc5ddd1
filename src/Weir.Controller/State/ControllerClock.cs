namespace Weir.Controller.State;

/// <summary>
/// Time that never jumps: the wall clock at the start, carried on by the monotonic one. Setting the machine's clock ends no
/// lease and no token early or late.
/// </summary>
internal sealed class ControllerClock(TimeProvider time)
{
    private readonly long _start = time.GetTimestamp();
    private readonly long _wall = time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>Unix time in milliseconds.</summary>
    public long Now => _wall + (long)time.GetElapsedTime(_start).TotalMilliseconds;

    /// <summary>How far the machine's clock was set since the start, in milliseconds.</summary>
    public long Jump => time.GetUtcNow().ToUnixTimeMilliseconds() - Now;
}
