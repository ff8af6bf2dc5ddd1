using Weir.Generators.Model;

namespace Weir.Generators.Emit;

/// <summary>The data of <c>ExportTable</c>: every exported symbol, by export index.</summary>
internal static class ExportTableEmitter
{
    public static string Emit(ApiSet set)
    {
        List<(ExportName Export, ApiCall Call)> exports = Products.Exports(set);
        CodeWriter w = CodeWriter.File("Weir.Api");
        w.Open("public static partial class ExportTable");
        w.Line("/// <summary>Number of exported symbols.</summary>");
        w.Line($"public const int Count = {exports.Count};");
        w.Line();
        StaticData.Names(w, "Name", exports.Select(x => x.Export.Symbol));
        StaticData.Numbers(w, "byte", "Forms", exports.Select(x => x.Call.Form == CallForm.Refuse ? 1u : 0u));
        w.Close();
        return w.ToString();
    }
}
