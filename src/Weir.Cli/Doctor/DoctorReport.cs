using System.Text.Json.Serialization;

namespace Weir.Cli.Doctor;

/// <summary>All that `weir doctor` found.</summary>
/// <param name="Checks">The installation.</param>
/// <param name="Missing">API calls that recent programs asked for and did not get, most asked for first.</param>
/// <param name="Troubles">Recent sessions that did not end well, or met errors.</param>
internal sealed record DoctorReport(
    IReadOnlyList<Check> Checks,
    IReadOnlyList<MissingCall> Missing,
    IReadOnlyList<SessionTrouble> Troubles
)
{
    /// <summary>Nothing that a run needs is missing.</summary>
    public bool IsWell => Checks.All(check => check.Status != CheckStatus.Failed);
}

/// <summary>One call of the API that Weir does not have.</summary>
/// <param name="Call">Its name.</param>
/// <param name="Count">How often it was made, or asked of cuGetProcAddress.</param>
/// <param name="Kind">"refused": exported, answers "not supported"; "unknown": not in the API that Weir knows.</param>
/// <param name="Programs">Who asked.</param>
internal sealed record MissingCall(string Call, long Count, string Kind, IReadOnlyList<string> Programs);

/// <summary>A session that is worth a look.</summary>
/// <param name="Started">When, UTC.</param>
/// <param name="Program">Whose.</param>
/// <param name="What">What happened.</param>
internal sealed record SessionTrouble(DateTime Started, string Program, string What);

/// <summary>JSON, generated at build time.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    WriteIndented = true,
    UseStringEnumConverter = true
)]
[JsonSerializable(typeof(DoctorReport))]
internal sealed partial class DoctorJson : JsonSerializerContext;
