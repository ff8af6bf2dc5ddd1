using System.Diagnostics;

namespace Weir.Controller.Tests.Support;

/// <summary>The real clock, and time that passes when the test says so.</summary>
internal sealed class PassingClock : TimeProvider
{
    private long _passedTicks;

    /// <summary>So much time passes at once.</summary>
    public void Pass(TimeSpan time) => Interlocked.Add(ref _passedTicks, time.Ticks);

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + Passed;

    public override long GetTimestamp() => base.GetTimestamp() + (long)(Passed.TotalSeconds * Stopwatch.Frequency);

    private TimeSpan Passed => TimeSpan.FromTicks(Interlocked.Read(ref _passedTicks));
}
