namespace Weir.Generators.Model;

/// <summary>The family of calls of one file: result type and handwritten classes.</summary>
/// <param name="Prefix">What every symbol begins with: <c>cu</c>, <c>nvml</c>.</param>
/// <param name="ResultType">C# type that every call returns.</param>
/// <param name="LocalClass">Handwritten class of the shim that answers <c>local</c> calls.</param>
/// <param name="IsTable">Its functions are reached through a table that every object names, not by their symbols.</param>
internal sealed record ApiFamily(string Prefix, string ResultType, string LocalClass, bool IsTable)
{
    /// <summary>The result type of what travels, unless a family has its own.</summary>
    public const string WireResult = "CuResult";

    /// <summary>Turns what the transport answers into the family's own result.</summary>
    public string FromWire(string expression) =>
        ResultType == WireResult ? expression : $"{LocalClass}.Result({expression})";
}

/// <summary>A diagnostic with its place.</summary>
internal sealed record ApiDiagnostic(string Id, string Path, int Line, string Message);

/// <summary>A call and the line it stands on (1-based).</summary>
internal sealed record ParsedCall(ApiCall Call, int Line);

/// <summary>A type and the line it stands on (1-based).</summary>
internal sealed record ParsedType(ApiType Type, int Line);

/// <summary>What one file says.</summary>
internal sealed record ParsedFile(
    string Path,
    ApiFamily? Family,
    EquatableArray<ParsedType> Types,
    EquatableArray<ParsedCall> Calls,
    EquatableArray<ApiDiagnostic> Diagnostics
);

/// <summary>The whole description, without places, so that moving lines changes nothing.</summary>
internal sealed record ApiSet(
    EquatableArray<ApiFamily> Families,
    EquatableArray<ApiType> Types,
    EquatableArray<ApiCall> Calls
)
{
    /// <summary>The family that a call belongs to.</summary>
    public ApiFamily Family(ApiCall call) => Families.First(family => family.Prefix == call.Api);
}

/// <summary>The description and what is wrong with it.</summary>
internal sealed record ApiResult(ApiSet Set, EquatableArray<ApiDiagnostic> Diagnostics);
