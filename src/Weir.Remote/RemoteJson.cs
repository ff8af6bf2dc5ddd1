using System.Text.Json.Serialization;
using Weir.Remote.Control;
using Weir.Remote.Leases;
using Weir.Remote.Workers;

namespace Weir.Remote;

/// <summary>JSON of tickets and control messages, generated, so that it works in programs that are compiled ahead of time.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    RespectRequiredConstructorParameters = true,
    RespectNullableAnnotations = true
)]
[JsonSerializable(typeof(LeaseTicket))]
[JsonSerializable(typeof(SessionOffer))]
[JsonSerializable(typeof(ControlMessage))]
[JsonSerializable(typeof(RemoteTerms))]
[JsonSerializable(typeof(RelayOrder))]
[JsonSerializable(typeof(RelayMove))]
[JsonSerializable(typeof(StateOrder))]
[JsonSerializable(typeof(StateReport))]
[JsonSerializable(typeof(SessionRequest))]
[JsonSerializable(typeof(SessionAnswer))]
internal sealed partial class RemoteJson : JsonSerializerContext;
