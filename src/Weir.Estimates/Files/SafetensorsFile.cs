using System.Buffers.Binary;
using System.Text.Json;

namespace Weir.Estimates.Files;

/// <summary>
/// The header of a safetensors file: eight bytes of length (little-endian), then JSON that names each tensor's type, shape and
/// place (format: huggingface.co/docs/safetensors). The tensors themselves are not read.
/// </summary>
internal static class SafetensorsFile
{
    // The format's own limit.
    private const long MostHeaderBytes = 100_000_000;

    /// <summary>Adds the file's tensors to <paramref name="tally"/>.</summary>
    /// <exception cref="ModelFileException">It is damaged or not such a file.</exception>
    public static void Read(Stream file, TensorTally tally)
    {
        Span<byte> word = stackalloc byte[8];
        if (file.ReadAtLeast(word, 8, throwOnEndOfStream: false) < 8)
        {
            throw new ModelFileException("it ends before its header");
        }
        ulong length = BinaryPrimitives.ReadUInt64LittleEndian(word);
        if (length is < 2 or > MostHeaderBytes || (long)length > file.Length - 8)
        {
            throw new ModelFileException(
                $"its header says {length} bytes, which it cannot have: damaged, or no safetensors"
            );
        }
        byte[] header = new byte[length];
        file.ReadExactly(header);
        ulong room = (ulong)(file.Length - 8) - length;
        try
        {
            using JsonDocument json = JsonDocument.Parse(header);
            if (json.RootElement.ValueKind != JsonValueKind.Object)
            {
                throw new ModelFileException("its header is no JSON object");
            }
            foreach (JsonProperty entry in json.RootElement.EnumerateObject())
            {
                if (entry.Name != "__metadata__")
                {
                    Add(entry, room, tally);
                }
            }
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or FormatException)
        {
            throw new ModelFileException($"its header is damaged: {error.Message}", error);
        }
    }

    private static void Add(JsonProperty entry, ulong room, TensorTally tally)
    {
        if (
            !entry.Value.TryGetProperty("dtype", out JsonElement type)
            || !entry.Value.TryGetProperty("shape", out JsonElement shape)
            || !entry.Value.TryGetProperty("data_offsets", out JsonElement place)
            || place.GetArrayLength() != 2
        )
        {
            throw new ModelFileException($"tensor \"{Shown(entry.Name)}\" lacks dtype, shape or data_offsets");
        }
        ulong start = place[0].GetUInt64();
        ulong end = place[1].GetUInt64();
        if (start > end || end > room)
        {
            throw new ModelFileException($"tensor \"{Shown(entry.Name)}\" lies outside of the file: it is cut off");
        }
        tally.Add(shape.EnumerateArray().Select(extent => extent.GetUInt64()), Bits(type.GetString(), entry.Name));
    }

    private static ulong Bits(string? type, string tensor) =>
        type switch
        {
            "F64" or "I64" or "U64" or "C64" => 64,
            "F32" or "I32" or "U32" => 32,
            "F16" or "BF16" or "I16" or "U16" => 16,
            "I8" or "U8" or "BOOL" or "F8_E4M3" or "F8_E5M2" or "F8_E8M0" => 8,
            "F6_E2M3" or "F6_E3M2" => 6,
            "F4" => 4,
            _ => throw new ModelFileException(
                $"tensor \"{Shown(tensor)}\" has the unknown type \"{Shown(type ?? "")}\""
            ),
        };

    private static string Shown(string name) => name.Length > 80 ? name[..80] + "…" : name;
}
