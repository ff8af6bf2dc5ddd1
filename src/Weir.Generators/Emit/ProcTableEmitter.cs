using Weir.Generators.Model;

namespace Weir.Generators.Emit;

/// <summary>The data of <c>ProcTable</c>: base name → versions → export, and its per-thread variant.</summary>
internal static class ProcTableEmitter
{
    private const uint None = 0xFFFF;

    public static string Emit(ApiSet set)
    {
        List<ExportName> exports = [.. Products.Exports(set).Select(x => x.Export)];
        Dictionary<string, uint> index = [];
        for (int i = 0; i < exports.Count; i++)
        {
            index[exports[i].Symbol] = (uint)i;
        }
        Dictionary<string, ExportName> perThread = exports
            .Where(e => e.PerThreadOf.Length > 0)
            .GroupBy(e => e.PerThreadOf)
            .ToDictionary(g => g.Key, g => g.First());
        List<IGrouping<string, ExportName>> bases =
        [
            .. exports
                .Where(e => e.BaseName.Length > 0 && e.PerThreadOf.Length == 0)
                .GroupBy(e => e.BaseName)
                .OrderBy(g => g.Key, StringComparer.Ordinal),
        ];
        List<uint> starts = [];
        List<uint> rows = [];
        foreach (IGrouping<string, ExportName> group in bases)
        {
            starts.Add((uint)(rows.Count / 4));
            // Newest first: the search takes the first row that is old enough.
            foreach (ExportName export in group.OrderByDescending(e => e.Since))
            {
                ExportName? variant = perThread.TryGetValue(export.Symbol, out ExportName? v) ? v : null;
                rows.Add((uint)export.Since);
                rows.Add(index[export.Symbol]);
                rows.Add(variant is null ? None : index[variant.Symbol]);
                rows.Add(variant is null ? 0 : (uint)variant.Since);
            }
        }
        starts.Add((uint)(rows.Count / 4));
        CodeWriter w = CodeWriter.File("Weir.Api");
        w.Open("public static partial class ProcTable");
        w.Line("/// <summary>Number of base names.</summary>");
        w.Line($"public const int Count = {bases.Count};");
        w.Line();
        StaticData.Names(w, "Name", bases.Select(g => g.Key));
        StaticData.Numbers(w, "ushort", "Starts", starts);
        StaticData.Numbers(w, "ushort", "Rows", rows);
        w.Close();
        return w.ToString();
    }
}
