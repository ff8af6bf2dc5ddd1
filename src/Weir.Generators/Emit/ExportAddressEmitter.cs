using Weir.Generators.Model;

namespace Weir.Generators.Emit;

/// <summary>Export index → address, as a jump table: no static data to initialise.</summary>
internal static class ExportAddressEmitter
{
    public static string Emit(ApiSet set)
    {
        TypeTable types = new(set);
        CodeWriter w = CodeWriter.File("Weir.Shim", "Weir.Api");
        w.Open("internal static unsafe partial class Exports");
        w.Line(
            "/// <summary>Address of the export with this index in <c>ExportTable</c>; 0 when there is none.</summary>"
        );
        w.Line("internal static nint Address(int exportIndex) =>");
        w.Line("    exportIndex switch");
        w.Line("    {");
        int index = 0;
        foreach ((ExportName export, ApiCall call) in Products.Exports(set))
        {
            string result = TypeTable.Result(call, set.Family(call));
            string signature = call.Form == CallForm.Refuse ? result : types.FunctionTypes(call, result);
            w.Line($"        {index} => (nint)(delegate*<{signature}>)&{export.Symbol},");
            index++;
        }
        w.Line("        _ => 0,");
        w.Line("    };");
        w.Close();
        return w.ToString();
    }
}
