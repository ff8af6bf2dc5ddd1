using System.Text.Json.Serialization;

namespace Weir.Images;

/// <summary>What an image consists of.</summary>
internal sealed record Manifest
{
    /// <summary>What the writer says of it, by name: program, window, device and the like.</summary>
    public required IReadOnlyDictionary<string, string> Properties { get; init; }

    /// <summary>Its parts, in the order in which they were added.</summary>
    public required IReadOnlyList<ManifestPart> Parts { get; init; }
}

/// <summary>A run of bytes: a named section, or memory at an address.</summary>
/// <param name="Name">Section's name, or the name of the space that <paramref name="Address"/> is of.</param>
/// <param name="Address">Address of the first byte; 0 for sections.</param>
/// <param name="Bytes">Number of bytes.</param>
/// <param name="Chunks">
/// SHA-256 of each <see cref="ImageFormat.ChunkBytes"/> (the last may be shorter), 64 hexadecimal digits; empty for one that is all zeros and is not stored.
/// </param>
internal sealed record ManifestPart(string Name, ulong Address, ulong Bytes, IList<string> Chunks);

/// <summary>How a manifest is written.</summary>
[JsonSerializable(typeof(Manifest))]
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    RespectRequiredConstructorParameters = true,
    RespectNullableAnnotations = true
)]
internal sealed partial class ManifestJson : JsonSerializerContext;
