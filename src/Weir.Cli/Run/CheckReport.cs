using System.Globalization;
using System.Text.Json;

namespace Weir.Cli.Run;

/// <summary>What `weir run --check` says: a paragraph per finding, then how many there were.</summary>
internal static class CheckReport
{
    /// <summary>Writes it; true when nothing was found.</summary>
    public static bool Write(IEnumerable<JsonDocument> sessions, TextWriter output)
    {
        int places = 0;
        foreach (JsonDocument session in sessions)
        {
            foreach (
                JsonElement finding in session
                    .RootElement.GetProperty("device")
                    .GetProperty("findings")
                    .EnumerateArray()
            )
            {
                places++;
                output.WriteLine(Text(finding));
            }
        }
        output.WriteLine(
            places == 0
                ? "weir check: nothing found"
                : string.Create(CultureInfo.InvariantCulture, $"weir check: wrong accesses at {places} places")
        );
        return places == 0;
    }

    private static string Text(JsonElement finding)
    {
        string fault = finding.GetProperty("fault").GetString() switch
        {
            "OutOfBounds" => "out of bounds",
            "Misaligned" => "misaligned",
            "UseAfterFree" => "use after free",
            "Uninitialised" => "shared memory that nobody wrote",
            "Race" => "race in shared memory",
            { } other => other,
            null => "?",
        };
        string what = finding.GetProperty("writes").GetBoolean() ? "write" : "read";
        string detail = finding.GetProperty("detail").GetString() is { Length: > 0 } more ? "; " + more : "";
        long times = finding.GetProperty("times").GetInt64();
        return string.Create(
            CultureInfo.InvariantCulture,
            $"weir check: {fault}: {what} of {finding.GetProperty("bytes").GetInt32()} bytes at 0x{finding.GetProperty("address").GetUInt64():x}\n"
                + $"    kernel '{finding.GetProperty("kernel").GetString()}', PTX line {finding.GetProperty("line").GetInt32()}, "
                + $"block ({Place(finding, "block")}), thread ({Place(finding, "thread")}){detail}\n"
                + $"    {times} time{(times == 1 ? "" : "s")} there"
        );
    }

    private static string Place(JsonElement finding, string name) =>
        string.Join(',', finding.GetProperty(name).EnumerateArray().Select(part => part.GetUInt32()));
}
