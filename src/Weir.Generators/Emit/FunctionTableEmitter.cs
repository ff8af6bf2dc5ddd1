using Weir.Generators.Model;

namespace Weir.Generators.Emit;

/// <summary>
/// The functions of a family that are reached through a table: what fills the table, and what finds a function by its name. Jump
/// tables and data of the binary: nothing to initialise.
/// </summary>
internal static class FunctionTableEmitter
{
    public static string Emit(ApiSet set, ApiFamily family)
    {
        TypeTable types = new(set);
        List<ApiCall> calls =
        [
            .. set.Calls.Where(c => c.Api == family.Prefix && !c.IsOp).OrderBy(c => c.Symbol, StringComparer.Ordinal),
        ];
        CodeWriter w = CodeWriter.File("Weir.Shim", "System", "Weir.Api");
        w.Open($"internal static unsafe partial class {family.LocalClass}Table");
        w.Line("/// <summary>Entries of the table.</summary>");
        w.Line($"internal const int Slots = {calls.Select(c => c.Slot).DefaultIfEmpty(-1).Max() + 1};");
        w.Line();
        w.Line("/// <summary>Functions, with or without a place in the table.</summary>");
        w.Line($"internal const int Count = {calls.Count};");
        w.Line();
        StaticData.Names(w, "Name", calls.Select(c => c.Symbol));
        StaticData.Numbers(w, "ushort", "SlotOf", calls.Select(c => (uint)(ushort)c.Slot));
        w.Line("/// <summary>A function's place in the table; -1 when it has none.</summary>");
        w.Line(
            "internal static int Slot(int function) => SlotOf[function] == ushort.MaxValue ? -1 : SlotOf[function];"
        );
        w.Line();
        w.Line("/// <summary>The function with this number has this name.</summary>");
        w.Open("internal static bool IsNamed(int function, ReadOnlySpan<byte> name)");
        w.Line("ReadOnlySpan<byte> rest = NameText.Slice((int)NameOffsets[function]);");
        w.Line(
            "return rest.Length > name.Length && rest[name.Length] == 0 && rest.Slice(0, name.Length).SequenceEqual(name);"
        );
        w.Close();
        w.Line();
        w.Line("/// <summary>Address of the function with this number; 0 when there is none.</summary>");
        w.Line("internal static nint Address(int function) =>");
        w.Line("    function switch");
        w.Line("    {");
        for (int i = 0; i < calls.Count; i++)
        {
            ApiCall call = calls[i];
            string signature = types.FunctionTypes(call, TypeTable.Result(call, family));
            string target = call.Form == CallForm.Refuse ? call.Symbol : $"{family.LocalClass}.{call.Name}";
            w.Line($"        {i} => (nint)(delegate*<{signature}>)&{target},");
        }
        w.Line("        _ => 0,");
        w.Line("    };");
        foreach (ApiCall call in calls.Where(c => c.Form == CallForm.Refuse))
        {
            w.Line();
            Refuse(w, types, family, call);
        }
        w.Close();
        return w.ToString();
    }

    // Functions that make an object say what is wrong through their last parameter.
    private static void Refuse(CodeWriter w, TypeTable types, ApiFamily family, ApiCall call)
    {
        string result = TypeTable.Result(call, family);
        w.Open($"private static {result} {call.Symbol}({types.ParameterList(call)})");
        w.Line($"{family.ResultType} refused = {family.LocalClass}.Refuse(\"{call.Symbol}\\0\"u8);");
        ApiParameter? last = call.Parameters.Count > 0 ? call.Parameters[call.Parameters.Count - 1] : null;
        if (call.Returns.Length > 0 && last is { Name: "errcode_ret" })
        {
            w.Open($"if ({last.Name} != null)");
            w.Line($"*{last.Name} = (int)refused;");
            w.Close();
        }
        w.Line(
            call.Returns.Length == 0 ? "return refused;"
            : result == "void" ? "_ = refused;"
            : "return default;"
        );
        w.Close();
    }
}
