using Weir.Kernels.Abi;
using Weir.Oracle;

namespace Weir.Conformance.Tests;

/// <summary>Runs a case compiled and on the oracle, and says how the results differ.</summary>
internal static class Comparison
{
    /// <summary>
    /// Null when all buffers are byte-identical and both ran to their end; with <paramref name="mustWrite"/> also only when
    /// the kernel changed something.
    /// </summary>
    public static string? Difference(Func<ulong, KernelCase> at, bool mustWrite = false)
    {
        using var arena = new Arena();
        var run = at(arena.Base);
        var module = OracleModule.Parse(run.Ptx);
        run.PlaceVariables(module);
        var expected = run.RunOnOracle(module);
        if (
            mustWrite
            && run.Buffers.Select((b, i) => b.Bytes.AsSpan().SequenceEqual(expected[i])).All(unchanged => unchanged)
        )
        {
            return "nothing was written, so nothing is compared";
        }
        // Both forms of the code: what runs first, and what takes its place.
        return Difference(expected, CompiledKernels.Run(run, arena))
            ?? (
                Difference(expected, CompiledKernels.Run(run, arena, quick: true)) is { } found
                    ? $"quick code: {found}"
                    : null
            );
    }

    private static string? Difference(byte[][] expected, CompiledResult actual)
    {
        if (actual.Fault != KernelFault.None)
        {
            return $"compiled code ended with {actual.Fault} in line {actual.Line}";
        }
        for (var i = 0; i < expected.Length; i++)
        {
            var at0 = expected[i].AsSpan().CommonPrefixLength(actual.Buffers[i]);
            if (at0 < expected[i].Length)
            {
                var word = at0 & ~3;
                return $"buffer {i} differs from byte {at0} of {expected[i].Length}: {Hex(expected[i], word)} expected, {Hex(actual.Buffers[i], word)} found";
            }
        }
        return null;
    }

    private static string Hex(byte[] bytes, int from) =>
        Convert.ToHexString(bytes.AsSpan(from, Math.Min(8, bytes.Length - from)));
}
