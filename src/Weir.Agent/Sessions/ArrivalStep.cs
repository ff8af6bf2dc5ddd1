using Weir.Remote.Control;

namespace Weir.Agent.Sessions;

/// <summary>First byte of what a departing session's agent asks of the other one, after <see cref="BringSession"/>.</summary>
internal static class ArrivalStep
{
    /// <summary>An image follows (Weir.Images' ImageSender).</summary>
    public const byte Image = (byte)'I';

    /// <summary>That was all: have a worker take the session. Answered by an <see cref="ArrivalAnswer"/>.</summary>
    public const byte Take = (byte)'T';

    /// <summary>Has the worker begun? If not, end it. Answered by an <see cref="ArrivalAnswer"/> when that is certain.</summary>
    public const byte Withdraw = (byte)'W';
}

/// <summary>An answer: i32 length and JSON.</summary>
internal sealed record ArrivalAnswer
{
    /// <summary>How to reach the worker; null when there is none.</summary>
    public SessionOffer? Offer { get; init; }

    /// <summary>Why not.</summary>
    public string? Reason { get; init; }

    /// <summary>The worker has begun.</summary>
    public bool HasBegun { get; init; }
}
