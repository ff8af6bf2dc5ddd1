using System.Text.Json;
using System.Text.Json.Serialization;
using Weir.Devices.Software.Observing;
using Weir.Worker.Logging;

namespace Weir.Worker.Observations;

/// <summary>What was seen of a session's kernels: a line of the file that `weir run --check` and `--profile` read.</summary>
internal sealed record SessionObservation
{
    /// <summary>Path of the client's executable.</summary>
    public required string Program { get; init; }

    /// <summary>Process id of the client.</summary>
    public required int ProcessId { get; init; }

    /// <summary>What the device saw.</summary>
    public required DeviceObservation Device { get; init; }

    /// <summary>Appends a session's line. Failures are logged, not thrown.</summary>
    public static void Write(SessionObservation observation, string file) =>
        Append(JsonSerializer.SerializeToUtf8Bytes(observation, ObservationJson.Default.SessionObservation), file);

    /// <summary>Appends the line that says that no other will come: an empty object.</summary>
    public static void End(string file) => Append("{}"u8, file);

    private static void Append(ReadOnlySpan<byte> line, string path)
    {
        try
        {
            using var file = new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite);
            file.Write([.. line, (byte)'\n']);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            Log.Error($"what was seen of a session is lost: {failure.Message}");
        }
    }
}

/// <summary>JSON of observations, generated at build time.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true)]
[JsonSerializable(typeof(SessionObservation))]
internal sealed partial class ObservationJson : JsonSerializerContext;
