using System.Text.Json.Serialization;
using Weir.Controller.State;
using Weir.Protocol.Rest;

namespace Weir.Controller.Store;

/// <summary>What is kept as JSON inside a row.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull
)]
[JsonSerializable(typeof(SliceView[]))]
[JsonSerializable(typeof(string[]))]
[JsonSerializable(typeof(PoolView))]
[JsonSerializable(typeof(ProjectView))]
[JsonSerializable(typeof(CalendarView))]
[JsonSerializable(typeof(TemplateView))]
[JsonSerializable(typeof(WorkloadRequest))]
[JsonSerializable(typeof(LeaseMove))]
internal sealed partial class StoreJson : JsonSerializerContext;
