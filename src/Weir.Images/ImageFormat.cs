using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Weir.Images;

/// <summary>
/// The manifest's file: one line (<c>weir-image VERSION BYTES SHA256</c>) and, behind it, that many bytes of JSON with that checksum.
/// </summary>
internal static class ImageFormat
{
    /// <summary>Version that is written, and the highest that is read.</summary>
    public const int Version = 1;

    /// <summary>Size of a chunk, bytes.</summary>
    public const int ChunkBytes = 2 << 20;

    /// <summary>Name of the manifest in the image's folder.</summary>
    public const string ManifestName = "manifest";

    /// <summary>Folder of the chunks in the image's folder.</summary>
    public const string ChunkFolder = "chunks";

    private const string Magic = "weir-image";
    private const int MaxHeadBytes = 128;
    private const int MaxManifestBytes = 256 << 20;
    private const int MaxParts = 1 << 20;
    private const ulong MaxPartBytes = 1UL << 46;

    /// <summary>Place of a chunk in an image's folder.</summary>
    public static string ChunkPath(string folder, string hash) => Path.Combine(folder, ChunkFolder, hash[..2], hash);

    /// <summary>Number of chunks that so many bytes make.</summary>
    public static ulong ChunkCount(ulong bytes) => (bytes + ChunkBytes - 1) / ChunkBytes;

    /// <summary>What tells an image from every other: its manifest's checksum. The file has been read by <see cref="Decode"/>, or made by <see cref="Encode"/>.</summary>
    public static string Identity(ReadOnlySpan<byte> file) =>
        Encoding.ASCII.GetString(file[..file.IndexOf((byte)'\n')]).Split(' ')[3];

    /// <summary>The manifest's file.</summary>
    public static byte[] Encode(Manifest manifest)
    {
        byte[] body = JsonSerializer.SerializeToUtf8Bytes(manifest, ManifestJson.Default.Manifest);
        string head = $"{Magic} {Version} {body.Length} {Convert.ToHexStringLower(SHA256.HashData(body))}\n";
        return [.. Encoding.ASCII.GetBytes(head), .. body];
    }

    /// <summary>Reads the manifest's file; nothing of it is believed before it has been checked.</summary>
    /// <param name="file">Its bytes.</param>
    /// <param name="path">Its name, for messages.</param>
    /// <exception cref="ImageException">It is not a whole manifest of a known version.</exception>
    public static Manifest Decode(ReadOnlySpan<byte> file, string path)
    {
        int end = file[..Math.Min(file.Length, MaxHeadBytes)].IndexOf((byte)'\n');
        string[] words = end < 0 ? [] : Encoding.ASCII.GetString(file[..end]).Split(' ');
        if (words.Length < 2 || words[0] != Magic || !TryNumber(words[1], out int version))
        {
            throw end < 0 && file.Length < MaxHeadBytes && IsBeginning(file)
                ? new ImageException(
                    ImageFault.Truncated,
                    $"{path} ends too early: the image was not written to its end"
                )
                : new ImageException(ImageFault.Foreign, $"{path} is no image of Weir");
        }
        if (version > Version)
        {
            throw new ImageException(
                ImageFault.Newer,
                $"{path} is of format {version}, which a newer version of Weir has written; this one reads up to {Version}"
            );
        }
        if (words.Length != 4 || !TryNumber(words[2], out int bytes) || bytes > MaxManifestBytes || !IsHash(words[3]))
        {
            throw new ImageException(ImageFault.Damaged, $"the first line of {path} is damaged");
        }
        ReadOnlySpan<byte> body = file[(end + 1)..];
        if (body.Length < bytes)
        {
            throw new ImageException(ImageFault.Truncated, $"{path} ends after {body.Length} of {bytes} bytes");
        }
        if (body.Length > bytes || Convert.ToHexStringLower(SHA256.HashData(body)) != words[3])
        {
            throw new ImageException(ImageFault.Damaged, $"{path} is not what was written: its checksum is wrong");
        }
        try
        {
            Manifest manifest =
                JsonSerializer.Deserialize(body, ManifestJson.Default.Manifest)
                ?? throw new JsonException("it is null");
            Check(manifest, path);
            return manifest;
        }
        catch (JsonException failure)
        {
            throw new ImageException(ImageFault.Malformed, $"{path} cannot be read: {failure.Message}");
        }
    }

    private static void Check(Manifest manifest, string path)
    {
        string? problem = manifest.Parts.Count > MaxParts ? "has too many parts" : null;
        foreach (ManifestPart part in manifest.Parts)
        {
            if (part is null || part.Name is null || part.Chunks is null)
            {
                problem ??= "has a part without a name or chunks";
                break;
            }
            problem ??=
                part.Bytes > MaxPartBytes || part.Address > ulong.MaxValue - part.Bytes
                    ? $"has a part of {part.Bytes} bytes"
                : (ulong)part.Chunks.Count != ChunkCount(part.Bytes)
                    ? $"has {part.Chunks.Count} chunks for the {part.Bytes} bytes of {part.Name}"
                : part.Chunks.Any(hash => hash is null || (hash.Length > 0 && !IsHash(hash)))
                    ? $"names a chunk of {part.Name} by what is no checksum"
                : null;
        }
        if (problem is not null)
        {
            throw new ImageException(ImageFault.Malformed, $"{path} {problem}");
        }
    }

    private static bool IsHash(string text) =>
        text.Length == 64 && text.All(c => c is (>= '0' and <= '9') or (>= 'a' and <= 'f'));

    private static bool IsBeginning(ReadOnlySpan<byte> file)
    {
        ReadOnlySpan<byte> magic = "weir-image "u8;
        int both = Math.Min(file.Length, magic.Length);
        return file[..both].SequenceEqual(magic[..both]);
    }

    private static bool TryNumber(string text, out int number) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
