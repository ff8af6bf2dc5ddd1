using Weir.Generators.Model;

namespace Weir.Generators.Emit;

/// <summary>The functions of one family as methods that call through pointers into a real library.</summary>
internal static class NativeEmitter
{
    /// <summary>One class of calls into one library.</summary>
    /// <param name="Prefix">The family's prefix.</param>
    /// <param name="Namespace">Where the class is.</param>
    /// <param name="Name">Its name.</param>
    /// <param name="Missing">Member of the result type that stands for a function which the library has not.</param>
    /// <param name="IsInterface">The methods implement an interface, which documents them.</param>
    internal sealed record Target(string Prefix, string Namespace, string Name, string Missing, bool IsInterface);

    public static readonly Target Cuda = new("cu", "Weir.Devices.Cuda", "CudaDriver", "NotSupported", true);

    public static readonly Target OpenCl = new("cl", "Weir.Devices.OpenCl", "OpenClLibrary", "InvalidOperation", false);

    public static string Emit(ApiSet set, Target target)
    {
        TypeTable types = new(set);
        List<ApiCall> calls = [.. set.Calls.Where(c => c.InDriver && c.Api == target.Prefix)];
        CodeWriter w = CodeWriter.File(target.Namespace, "Weir.Api");
        w.Open($"public sealed unsafe partial class {target.Name}");
        foreach (ApiCall call in calls)
        {
            w.Line($"private readonly {Pointer(set, types, call)} _{call.Name};");
        }
        w.Line();
        w.Open($"private {target.Name}(nint library)");
        w.Line("_library = library;");
        foreach (ApiCall call in calls)
        {
            w.Line($"_{call.Name} = ({Pointer(set, types, call)})Symbol(library, \"{call.Symbol}\");");
        }
        w.Close();
        foreach (ApiCall call in calls)
        {
            string result = TypeTable.Result(call, set.Family(call));
            string missing =
                call.Returns.Length == 0 ? $"{result}.{target.Missing}"
                : result == "void" ? ""
                : "default";
            w.Line();
            w.Line(target.IsInterface ? "/// <inheritdoc/>" : $"/// <summary><c>{call.Symbol}</c></summary>");
            if (result == "void")
            {
                w.Open($"public void {call.Name}({types.ParameterList(call)})");
                w.Open($"if (_{call.Name} is not null)");
                w.Line($"_{call.Name}({TypeTable.Arguments(call)});");
                w.Close();
                w.Close();
                continue;
            }
            w.Line($"public {result} {call.Name}({types.ParameterList(call)}) =>");
            w.Line($"    _{call.Name} is null ? {missing} : _{call.Name}({TypeTable.Arguments(call)});");
        }
        w.Close();
        return w.ToString();
    }

    private static string Pointer(ApiSet set, TypeTable types, ApiCall call) =>
        $"delegate* unmanaged<{types.FunctionTypes(call, TypeTable.Result(call, set.Family(call)))}>";
}
