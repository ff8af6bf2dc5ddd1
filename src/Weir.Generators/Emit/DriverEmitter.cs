using System.Security;
using Weir.Generators.Model;

namespace Weir.Generators.Emit;

/// <summary><c>IDriver</c>: one method per call that a device answers.</summary>
internal static class DriverEmitter
{
    public static string Emit(ApiSet set)
    {
        TypeTable types = new(set);
        CodeWriter w = CodeWriter.File("Weir.Api");
        w.Line("/// <summary>");
        w.Line(
            "/// The seam between a session and a device: the CUDA driver API, one method per call, with the C signature. Handles"
        );
        w.Line(
            "/// are the device's own (<c>nint</c>), device pointers <c>ulong</c>, strings NUL-terminated UTF-8. The current context"
        );
        w.Line(
            "/// is per calling thread, as in the API. Methods may be called from several threads at once; they never throw, but"
        );
        w.Line("/// answer the API's error codes.");
        w.Line("/// </summary>");
        w.Open("public unsafe interface IDriver");
        bool first = true;
        foreach (ApiCall call in set.Calls.Where(c => c.InDriver && !set.Family(c).IsTable))
        {
            if (!first)
            {
                w.Line();
            }
            first = false;
            string doc = call.Doc.Length > 0 ? SecurityElement.Escape(call.Doc) : $"As in the CUDA driver API.";
            w.Line($"/// <summary><c>{call.Symbol}</c>: {doc}</summary>");
            w.Line($"CuResult {call.Name}({types.ParameterList(call)});");
        }
        w.Close();
        return w.ToString();
    }
}
