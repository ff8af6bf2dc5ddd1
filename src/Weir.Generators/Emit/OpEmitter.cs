using Weir.Generators.Model;

namespace Weir.Generators.Emit;

/// <summary><c>Op</c>: the numbers of the calls that travel.</summary>
internal static class OpEmitter
{
    public static string Emit(ApiSet set)
    {
        CodeWriter w = CodeWriter.File("Weir.Api");
        w.Line("/// <summary>Numbers of the calls that travel as records. Stable: part of the wire format.</summary>");
        w.Open("public enum Op : ushort");
        w.Line("/// <summary>Not a call: padding at the end of a ring.</summary>");
        w.Line("Pad = 0,");
        foreach (ApiCall call in Numbered(set))
        {
            w.Line();
            w.Line($"/// <summary><c>{call.Symbol}</c>, {(call.Waits ? "awaited" : "posted")}.</summary>");
            w.Line($"{call.Name} = {call.Number},");
        }
        w.Close();
        return w.ToString();
    }

    public static IEnumerable<ApiCall> Numbered(ApiSet set) => set.Calls.Where(c => c.Travels).OrderBy(c => c.Number);
}
