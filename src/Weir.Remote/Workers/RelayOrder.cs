using Weir.Remote.Control;

namespace Weir.Remote.Workers;

/// <summary>
/// What a broker tells a relay with <see cref="WorkerMessage.Serve"/>, as JSON after the first byte: where the workers of this client are.
/// </summary>
/// <param name="Shards">In the order in which the program sees their devices.</param>
internal sealed record RelayOrder(IReadOnlyList<RelayedShard> Shards);

/// <summary>What a broker tells a relay with <see cref="WorkerMessage.Move"/> or <see cref="WorkerMessage.TakeClient"/>.</summary>
/// <param name="Target">The worker that has taken the session over.</param>
/// <param name="State">How far the last worker had come with the client.</param>
internal sealed record RelayMove(RelayedShard Target, StateReport State);

/// <summary>One worker of a session.</summary>
/// <param name="Address">host:port of its node.</param>
/// <param name="Offer">What its agent offered.</param>
internal sealed record RelayedShard(string Address, SessionOffer Offer);
