using Weir.Generators.Model;
using Weir.Generators.Parsing;

namespace Weir.Generators.Emit;

/// <summary>The data of <c>CallTable</c>: what is known of each numbered call.</summary>
internal static class CallTableEmitter
{
    public static string Emit(ApiSet set)
    {
        List<ApiCall> calls = [.. OpEmitter.Numbered(set)];
        int max = calls.Count == 0 ? 0 : calls[calls.Count - 1].Number;
        uint[] flags = new uint[max + 1];
        uint[] nameIndex = new uint[max + 1];
        uint[] carriage = new uint[max + 1];
        for (int i = 0; i < calls.Count; i++)
        {
            ApiCall call = calls[i];
            flags[call.Number] =
                1u
                | (call.Waits ? 2u : 0)
                | (call.Reports ? 4u : 0)
                | (call.Blocks ? 8u : 0)
                | (call.IsOp ? 16u : 0)
                | (set.Family(call).IsTable ? 32u : 0);
            nameIndex[call.Number] = (uint)i;
            carriage[call.Number] = CarriageWord(call);
        }
        CodeWriter w = CodeWriter.File("Weir.Api");
        w.Open("public static partial class CallTable");
        w.Line("/// <summary>Highest number in use.</summary>");
        w.Line($"public const int MaxOp = {max};");
        w.Line();
        w.Line(
            "/// <summary>Of all numbers, names and parameters: client and worker must be built from the same.</summary>"
        );
        w.Line($"public const ulong Fingerprint = 0x{Fingerprint(calls.Select(Signature)):X16};");
        w.Line();
        StaticData.Names(w, "Name", calls.Select(c => c.Symbol));
        StaticData.Numbers(w, "byte", "Flags", flags);
        StaticData.Numbers(w, "ushort", "NameIndex", nameIndex);
        StaticData.Numbers(w, "ushort", "Carriages", carriage);
        w.Close();
        return w.ToString();
    }

    // The kind in the low four bits, then up to three places.
    private static uint CarriageWord(ApiCall call)
    {
        int[] fields = CarriageCheck.Fields(call) ?? [];
        uint word = (uint)(call.Carriage?.Kind ?? CarriageKind.None);
        for (int i = 0; i < CarriageCheck.MostFields; i++)
        {
            word |= (uint)(i < fields.Length ? fields[i] : CarriageCheck.NoField) << (4 * (i + 1));
        }
        return word;
    }

    /// <summary>All of a call that both sides must understand alike.</summary>
    public static string Signature(ApiCall call)
    {
        IEnumerable<string> parts = call.Parameters.Select(p =>
            $"{p.Mode}{p.IsOptional}{p.TypeName}{p.Depth}{p.Count}"
        );
        return $"{call.Number}{call.Symbol}{call.Waits}({string.Join(",", parts)})";
    }

    /// <summary>Of the signatures, in the order of the numbers: FNV-1a, 64 bits.</summary>
    public static ulong Fingerprint(IEnumerable<string> signatures)
    {
        ulong hash = 0xCBF29CE484222325;
        foreach (char c in signatures.SelectMany(signature => signature))
        {
            hash = unchecked((hash ^ c) * 0x100000001B3);
        }
        return hash;
    }
}
