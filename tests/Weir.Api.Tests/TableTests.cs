using System.Text;

namespace Weir.Api.Tests;

/// <summary>The generated tables: numbers that may not change, symbols that clients need.</summary>
public class TableTests
{
    [Fact]
    public void Numbers_of_calls_are_never_changed()
    {
        Dictionary<string, int> frozen = Lines("op-numbers.txt")
            .ToDictionary(l => l.Split(' ')[1], l => int.Parse(l.Split(' ')[0]));
        Dictionary<string, int> now = Enum.GetValues<Op>()
            .Where(op => op != Op.Pad)
            .ToDictionary(op => CallTable.Name((ushort)op), op => (int)op);
        // A new call adds a line to op-numbers.txt; the lines that are there stay.
        Assert.Empty(now.Keys.Except(frozen.Keys));
        Assert.All(frozen, call => Assert.Equal(call.Value, now.GetValueOrDefault(call.Key)));
    }

    [Fact]
    public void The_call_table_knows_every_number_and_no_other()
    {
        HashSet<int> numbers = [.. Enum.GetValues<Op>().Select(op => (int)op).Where(n => n != 0)];
        for (int op = 0; op <= ushort.MaxValue; op++)
        {
            Assert.Equal(numbers.Contains(op), CallTable.IsKnown((ushort)op));
        }
        Assert.Equal("op 0", CallTable.Name(0));
        Assert.Equal("cuMemAlloc_v2", CallTable.Name((ushort)Op.MemAlloc));
        Assert.True(CallTable.IsCall((ushort)Op.MemAlloc));
        Assert.False(CallTable.IsCall((ushort)Op.MemsetD8Async));
        Assert.True(CallTable.Blocks((ushort)Op.StreamSynchronize) && CallTable.Reports((ushort)Op.StreamSynchronize));
    }

    [Fact]
    public void Every_symbol_that_ffmpeg_s_loader_resolves_is_exported()
    {
        HashSet<string> exports = [.. Enumerable.Range(0, ExportTable.Count).Select(ExportTable.Name)];
        Assert.Subset(exports, Lines("ffmpeg-symbols.txt").ToHashSet());
    }

    [Fact]
    public void Exports_are_in_ordinal_order()
    {
        string[] names = [.. Enumerable.Range(0, ExportTable.Count).Select(ExportTable.Name)];
        Assert.Equal(names.Order(StringComparer.Ordinal), names);
        Assert.Equal(names.Distinct().Count(), names.Length);
    }

    [Fact]
    public void Refused_exports_are_marked()
    {
        string[] refused =
        [
            .. Enumerable.Range(0, ExportTable.Count).Where(ExportTable.IsRefused).Select(ExportTable.Name),
        ];
        Assert.Contains("cuGraphAddBatchMemOpNode", refused);
        Assert.Contains("cuEGLStreamProducerConnect", refused);
        Assert.DoesNotContain("cuMemAlloc_v2", refused);
    }

    internal static string[] Lines(string resource)
    {
        using Stream stream = typeof(TableTests).Assembly.GetManifestResourceStream(resource)!;
        return
            new StreamReader(stream, Encoding.UTF8)
                .ReadToEnd()
                .Split(['\n', ' '], StringSplitOptions.RemoveEmptyEntries)
                is var words
            && resource == "op-numbers.txt"
            ? [.. words.Chunk(2).Select(pair => string.Join(' ', pair))]
            : words;
    }
}
