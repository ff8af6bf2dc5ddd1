using System.Text.Json.Serialization;
using Weir.Metering.Usage;

namespace Weir.Controller.Metering;

/// <summary>What the history of usage keeps as JSON, generated at build time.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault
)]
[JsonSerializable(typeof(UsageCounts))]
internal sealed partial class MeteringJson : JsonSerializerContext;
