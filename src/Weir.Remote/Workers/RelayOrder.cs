using Weir.Remote.Control;

namespace Weir.Remote.Workers;

/// <summary>
/// What a broker tells a relay with <see cref="WorkerMessage.Serve"/>, as JSON after the first byte: where the worker of this client is.
/// </summary>
/// <param name="Address">host:port of the worker's node.</param>
/// <param name="Offer">What its agent offered.</param>
internal sealed record RelayOrder(string Address, SessionOffer Offer);
