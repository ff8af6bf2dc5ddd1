using Weir.Generators.Model;

namespace Weir.Generators.Emit;

/// <summary><c>CudaDriver</c>: every method of <c>IDriver</c> as a call through a pointer into the real library.</summary>
internal static class NativeEmitter
{
    public static string Emit(ApiSet set)
    {
        TypeTable types = new(set);
        List<ApiCall> calls = [.. set.Calls.Where(c => c.InDriver)];
        CodeWriter w = CodeWriter.File("Weir.Devices.Cuda", "Weir.Api");
        w.Open("public sealed unsafe partial class CudaDriver");
        foreach (ApiCall call in calls)
        {
            w.Line($"private readonly delegate* unmanaged<{types.FunctionTypes(call, "CuResult")}> _{call.Name};");
        }
        w.Line();
        w.Open("private CudaDriver(nint library)");
        w.Line("_library = library;");
        foreach (ApiCall call in calls)
        {
            w.Line(
                $"_{call.Name} = (delegate* unmanaged<{types.FunctionTypes(call, "CuResult")}>)Symbol(library, \"{call.Symbol}\");"
            );
        }
        w.Close();
        foreach (ApiCall call in calls)
        {
            w.Line();
            w.Line("/// <inheritdoc/>");
            w.Line($"public CuResult {call.Name}({types.ParameterList(call)}) =>");
            w.Line($"    _{call.Name} is null ? CuResult.NotSupported : _{call.Name}({TypeTable.Arguments(call)});");
        }
        w.Close();
        return w.ToString();
    }
}
