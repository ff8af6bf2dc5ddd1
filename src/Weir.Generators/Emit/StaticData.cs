using System.Globalization;

namespace Weir.Generators.Emit;

/// <summary>Tables as data of the binary: no allocation, no static constructor.</summary>
internal static class StaticData
{
    /// <summary>NUL-terminated names one after the other, and where each begins.</summary>
    public static void Names(CodeWriter w, string property, IEnumerable<string> names)
    {
        List<uint> offsets = [];
        uint offset = 0;
        w.Line($"private static ReadOnlySpan<byte> {property}Text =>");
        foreach (string name in names)
        {
            offsets.Add(offset);
            offset += (uint)name.Length + 1;
            w.Line($"    {(offsets.Count == 1 ? "" : "+ ")}\"{name}\\0\"u8");
        }
        w.Line(offsets.Count == 0 ? "    \"\"u8;" : "    ;");
        w.Line();
        Numbers(w, "uint", property + "Offsets", offsets);
    }

    public static void Numbers(CodeWriter w, string type, string property, IEnumerable<uint> values)
    {
        w.Line($"private static ReadOnlySpan<{type}> {property} =>");
        w.Line("    [");
        foreach (string row in Rows(values))
        {
            w.Line("        " + row);
        }
        w.Line("    ];");
        w.Line();
    }

    private static IEnumerable<string> Rows(IEnumerable<uint> values)
    {
        List<string> row = [];
        foreach (uint value in values)
        {
            row.Add(value.ToString(CultureInfo.InvariantCulture) + ",");
            if (row.Count == 16)
            {
                yield return string.Join(" ", row);
                row.Clear();
            }
        }
        if (row.Count > 0)
        {
            yield return string.Join(" ", row);
        }
    }
}
