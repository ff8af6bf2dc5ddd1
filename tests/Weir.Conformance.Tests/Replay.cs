using Weir.Oracle;

namespace Weir.Conformance.Tests;

/// <summary>Runs recorded launches again.</summary>
internal static class Replay
{
    /// <summary>Null when the oracle leaves the same bytes as the device did.</summary>
    public static string? Difference(LaunchRecord record)
    {
        var memory = new OracleMemory();
        var after = record.Segments.Select(s => s.Before.ToArray()).ToArray();
        for (var i = 0; i < after.Length; i++)
        {
            memory.Add(record.Segments[i].Address, after[i]);
        }
        OracleModule
            .Parse(record.Ptx)
            .Run(
                record.Entry,
                new OracleLaunch
                {
                    Grid = record.Grid,
                    Block = record.Block,
                    DynamicSharedBytes = record.DynamicSharedBytes,
                    Parameters = record.Parameters,
                    Textures = record.Textures,
                    Symbols = record.Symbols,
                },
                memory
            );
        for (var i = 0; i < after.Length; i++)
        {
            var same = after[i].AsSpan().CommonPrefixLength(record.Segments[i].After);
            if (same < after[i].Length)
            {
                return $"{record.Entry}: byte {same} of the {after[i].Length} at 0x{record.Segments[i].Address:x}: "
                    + $"{after[i][same]:x2} expected, {record.Segments[i].After[same]:x2} found";
            }
        }
        return null;
    }
}
