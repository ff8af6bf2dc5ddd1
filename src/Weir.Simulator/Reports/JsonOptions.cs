using System.Text.Json;

namespace Weir.Simulator.Reports;

/// <summary>How reports are written as JSON.</summary>
internal static class JsonOptions
{
    public static JsonSerializerOptions Indented { get; } =
        new()
        {
            WriteIndented = true,
            PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
            IncludeFields = true,
        };
}
