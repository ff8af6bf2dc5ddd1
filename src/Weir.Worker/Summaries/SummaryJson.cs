using System.Text.Json.Serialization;

namespace Weir.Worker.Summaries;

/// <summary>JSON of summaries, generated at build time.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(SessionSummary))]
internal sealed partial class SummaryJson : JsonSerializerContext;
