using Weir.Generators.Model;

namespace Weir.Generators.Emit;

/// <summary>C# spellings of the description's types and parameters.</summary>
internal sealed class TypeTable(ApiSet set)
{
    private readonly Dictionary<string, ApiType> _types = set.Types.ToDictionary(t => t.CName);

    public ApiType? Type(ApiParameter p) => _types.TryGetValue(p.TypeName, out ApiType? type) ? type : null;

    /// <summary>The type as in the C signature.</summary>
    public string CSharp(ApiParameter p) => Element(p) + new string('*', p.Depth);

    /// <summary>The type without stars; <c>void</c> stays.</summary>
    public string Element(ApiParameter p) => p.TypeName == "void" ? "void" : Type(p)!.CSharpName;

    /// <summary>C# expression for the size of one element.</summary>
    public string ElementSize(ApiParameter p) => p.TypeName == "void" ? "1" : $"sizeof({Element(p)})";

    public string HandleKind(ApiParameter p) => "HandleKind." + Type(p)!.HandleKind;

    public bool IsHandle(ApiParameter p) => Type(p)?.Category == TypeCategory.Handle;

    /// <summary><c>type name, type name</c></summary>
    public string ParameterList(ApiCall call) =>
        string.Join(", ", call.Parameters.Select(p => $"{CSharp(p)} {Name(p)}"));

    /// <summary>The types for a function pointer, with the result last.</summary>
    public string FunctionTypes(ApiCall call, string result) =>
        string.Join(", ", call.Parameters.Select(CSharp).Concat([result]));

    /// <summary>What the exported function returns.</summary>
    public static string Result(ApiCall call, ApiFamily family) =>
        call.Returns.Length > 0 ? call.Returns : family.ResultType;

    /// <summary><c>name, name</c></summary>
    public static string Arguments(ApiCall call) => string.Join(", ", call.Parameters.Select(Name));

    /// <summary>The parameter's name, escaped where C# has a keyword of that name.</summary>
    public static string Name(ApiParameter p) =>
        p.Name is "event" or "params" or "out" or "in" or "ref" or "object" or "string" or "base" or "lock" or "fixed"
            ? "@" + p.Name
            : p.Name;
}
