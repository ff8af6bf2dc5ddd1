using System.Globalization;
using System.Text.Json.Serialization;
using Weir.Estimates;
using Weir.Estimates.Memory;

namespace Weir.Cli.Estimate;

/// <summary>The answer of `weir estimate`.</summary>
internal sealed record EstimateReport(
    string Model,
    long Parameters,
    string Task,
    IReadOnlyList<MemoryPart> Parts,
    long Bytes,
    double StepOperations,
    bool FromPool,
    IReadOnlyList<Fit> Fits,
    string? Command,
    IReadOnlyList<string> Notes
)
{
    public static EstimateReport Of(
        ModelFacts facts,
        EstimateRequest request,
        MemoryEstimate estimate,
        (bool FromPool, IReadOnlyList<(string Name, long Bytes)> Devices) known
    )
    {
        List<Fit> fits = [.. known.Devices.Select(device => new Fit(device.Name, device.Bytes, Share(device.Bytes)))];
        return new EstimateReport(
            facts.Source,
            facts.Parameters,
            request.Task.ToString().ToLowerInvariant(),
            estimate.Parts,
            estimate.Bytes,
            estimate.StepOperations,
            known.FromPool,
            fits,
            fits.FirstOrDefault(fit => fit.Share is not null) is { Share: { } share } ? Command(share) : null,
            estimate.Notes
        );

        // The memory's part of the device, in steps that leases are given in.
        double? Share(long bytes) =>
            estimate.Bytes <= bytes ? Math.Ceiling(estimate.Bytes * 100.0 / bytes) / 100 : null;

        string Command(double share) =>
            string.Create(
                CultureInfo.InvariantCulture,
                $"weir run --gpus {(request.Devices > 1 ? $"{request.Devices}x{share:0.##}" : $"{share:0.##}")} "
                    + $"--mem {Math.Ceiling(estimate.Bytes / (double)(1 << 20)):0}MiB -- …"
            );
    }
}

/// <summary>Whether a device has the memory.</summary>
/// <param name="Device">Its name.</param>
/// <param name="MemoryBytes">Its memory.</param>
/// <param name="Share">The part of it that is needed, or null when it is too small.</param>
internal sealed record Fit(string Device, long MemoryBytes, double? Share);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(EstimateReport))]
internal sealed partial class EstimateJson : JsonSerializerContext;
