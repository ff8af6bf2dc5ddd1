using Weir.Generators.Model;

namespace Weir.Generators.Emit;

/// <summary>The exported functions of the shim. They never enter the runtime: pointers only, no allocation.</summary>
internal static class ExportEmitter
{
    public static string Emit(ApiSet set)
    {
        TypeTable types = new(set);
        Dictionary<string, ApiCall> byName = [];
        foreach (ApiCall call in set.Calls.Where(c => c.Form != CallForm.Refuse))
        {
            byName[call.Name] = call;
        }
        CodeWriter w = CodeWriter.File("Weir.Shim", "System.Runtime", "Weir.Api");
        w.Open("internal static unsafe partial class Exports");
        int index = 0;
        foreach ((ExportName export, ApiCall call) in Products.Exports(set))
        {
            if (index > 0)
            {
                w.Line();
            }
            ApiFamily family = set.Family(call);
            w.Line($"[RuntimeExport(\"{export.Symbol}\")]");
            if (call.Form == CallForm.Refuse)
            {
                w.Line(
                    $"internal static {family.ResultType} {export.Symbol}() => {family.LocalClass}.Refuse({index});"
                );
            }
            else
            {
                WriteCall(w, types, family, export, call, byName);
            }
            index++;
        }
        w.Close();
        return w.ToString();
    }

    private static void WriteCall(
        CodeWriter w,
        TypeTable types,
        ApiFamily family,
        ExportName export,
        ApiCall call,
        Dictionary<string, ApiCall> byName
    )
    {
        string head = $"internal static {TypeTable.Result(call, family)} {export.Symbol}({types.ParameterList(call)})";
        bool perThread = export.PerThreadOf.Length > 0;
        if (perThread && call.PerThread == PerThreadForm.Twin)
        {
            ApiCall twin = byName[call.Twin];
            w.Open(head);
            string arguments = TypeTable.Arguments(call);
            w.Line($"CuResult result = {twin.Symbol}({arguments}{(arguments.Length > 0 ? ", " : "")}2);");
            w.Line("return result != CuResult.Success ? result : cuStreamSynchronize(2);");
            w.Close();
            return;
        }
        if (export.Symbol != call.Symbol && !(perThread && call.PerThread == PerThreadForm.Custom))
        {
            string arguments = string.Join(
                ", ",
                call.Parameters.Select(p =>
                    perThread && call.PerThread == PerThreadForm.Stream && p.TypeName == "CUstream" && p.Depth == 0
                        ? $"{TypeTable.Name(p)} == 0 ? 2 : {TypeTable.Name(p)}"
                        : TypeTable.Name(p)
                )
            );
            w.Line($"{head} => {call.Symbol}({arguments});");
            return;
        }
        if (!call.Travels || call.ClientCustom)
        {
            string target = call.ClientCustom ? "CustomCalls" : family.LocalClass;
            string suffix = perThread ? "PerThread" : "";
            w.Line($"{head} => {target}.{call.Name}{suffix}({TypeTable.Arguments(call)});");
            return;
        }
        w.Open(head);
        w.Line("ClientThread* thread;");
        w.Line("CuResult result = ClientThread.Enter(&thread);");
        string comma = call.Parameters.Count > 0 ? ", " : "";
        w.Line(
            $"return result != CuResult.Success ? result : WireCalls.{call.Name}(thread{comma}{TypeTable.Arguments(call)});"
        );
        w.Close();
    }
}
