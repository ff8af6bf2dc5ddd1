namespace Weir.Controller.Tests.Support;

/// <summary>The real clock, set by so much.</summary>
internal sealed class SetClock : TimeProvider
{
    public TimeSpan By { get; set; }

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + By;
}
