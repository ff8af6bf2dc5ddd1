using Weir.Generators.Model;

namespace Weir.Generators.Emit;

/// <summary><c>ApiFingerprint</c>: a number that changes with whatever both ends of the wire must agree on.</summary>
internal static class FingerprintEmitter
{
    public static string Emit(ApiSet set)
    {
        ulong hash = 14695981039346656037UL;
        foreach (ApiCall call in OpEmitter.Numbered(set))
        {
            hash = Add(hash, $"{call.Number} {call.Form} {call.Name}(");
            foreach (ApiParameter p in call.Parameters)
            {
                hash = Add(hash, $"{p.Mode} {p.IsOptional} {p.TypeName} {p.Depth} {p.Count},");
            }
        }
        CodeWriter w = CodeWriter.File("Weir.Api");
        w.Line("/// <summary>Changes with the numbers and fields of the calls that travel: both ends must have the same.</summary>");
        w.Open("public static class ApiFingerprint");
        w.Line("/// <summary>FNV-1a hash of the description's wire part.</summary>");
        w.Line($"public const ulong Value = 0x{hash:x16};");
        w.Close();
        return w.ToString();
    }

    private static ulong Add(ulong hash, string text)
    {
        foreach (char c in text)
        {
            hash = unchecked((hash ^ c) * 1099511628211UL);
        }
        return hash;
    }
}
