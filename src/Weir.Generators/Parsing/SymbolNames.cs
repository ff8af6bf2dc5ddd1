namespace Weir.Generators.Parsing;

/// <summary>The CUDA naming rules: <c>cuName[_vN][_ptds|_ptsz]</c>.</summary>
internal static class SymbolNames
{
    /// <summary>The name that programs ask <c>cuGetProcAddress</c> for: without suffixes.</summary>
    public static string Base(string symbol)
    {
        string name = IsPerThread(symbol) ? symbol.Substring(0, symbol.Length - 5) : symbol;
        int version = name.LastIndexOf("_v", StringComparison.Ordinal);
        return version > 0 && version + 2 < name.Length && name.Skip(version + 2).All(c => c is >= '0' and <= '9')
            ? name.Substring(0, version)
            : name;
    }

    /// <summary>The name of the C# method: without prefix and version.</summary>
    public static string Method(string symbol, string prefix)
    {
        string name = Base(symbol);
        return name.StartsWith(prefix, StringComparison.Ordinal) && name.Length > prefix.Length
            ? name.Substring(prefix.Length)
            : name;
    }

    /// <summary>What <c>returns=</c> may say, as a type of C#.</summary>
    public static bool TryReturn(string text, out string type)
    {
        type = text switch
        {
            "text" => "byte*",
            "object" => "nint",
            "pointer" => "void*",
            "nothing" => "void",
            _ => "",
        };
        return type.Length > 0;
    }

    public static bool IsPerThread(string symbol) =>
        symbol.Length > 5
        && (symbol.EndsWith("_ptds", StringComparison.Ordinal) || symbol.EndsWith("_ptsz", StringComparison.Ordinal));
}
