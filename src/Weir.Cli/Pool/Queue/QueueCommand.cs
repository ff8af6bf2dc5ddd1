using System.CommandLine;
using System.Globalization;
using Weir.Protocol.Rest;

namespace Weir.Cli.Pool.Queue;

/// <summary>`weir queue` and `weir explain`.</summary>
internal static class QueueCommand
{
    public static Command Create()
    {
        var output = OutputFormat.Option();
        return new Command("queue", "List what waits, in the order in which it is served, and why.") { output }.Does(
            async (parsed, client, _) =>
            {
                var queue = await client.GetAsync("v1/queue", RestJson.Default.QueueView);
                return parsed.GetValue(output) == "json"
                    ? PoolCommand.Json(queue, RestJson.Default.QueueView)
                    : PoolCommand.Table(
                        "Nothing of yours waits.",
                        ["#", "ID", "PROJECT", "USER", "POOL", "PRIORITY", "ASKS", "WAITS", "REASON"],
                        queue.Waiting.Select(one =>
                            (string[])
                                [
                                    $"{one.Position}",
                                    one.Id,
                                    one.Project,
                                    one.User,
                                    one.Pool,
                                    $"{one.Priority}",
                                    one.Asks,
                                    PoolCommand.Ago(one.Since),
                                    one.Parked ? $"stopped for others; {one.Reason}" : one.Reason,
                                ]
                        )
                    );
            }
        );
    }

    public static Command CreateExplain()
    {
        var id = new Argument<string>("id")
        {
            Description = "A workload (w-…), a lease (l-…) or a waiting claim (c-…).",
        };
        var output = OutputFormat.Option();
        return new Command("explain", "Say why something waits, or where it went and why.") { id, output }.Does(
            async (parsed, client, _) =>
            {
                var told = await client.GetAsync(
                    $"v1/explain/{Uri.EscapeDataString(parsed.GetValue(id)!)}",
                    RestJson.Default.ExplanationView
                );
                if (parsed.GetValue(output) == "json")
                {
                    return PoolCommand.Json(told, RestJson.Default.ExplanationView);
                }
                Print(told);
                return ExitCodes.Success;
            }
        );
    }

    private static void Print(ExplanationView told)
    {
        Console.WriteLine($"{told.Id} {told.Summary}");
        Section("what would let it start", told.Needs);
        if (told.State is "waits" or "parked")
        {
            Console.WriteLine(
                told.Earliest is { } at
                    ? $"expected: {Time(at)}"
                    : "expected: not known, because nobody said how long what runs there takes (--time)"
            );
        }
        Section("devices that will not do", told.Removed.Select(one => $"{one.Nodes} × {one.Filter}"));
        Section("where it fits", told.Best.Select(one => $"{one.Node} (score {one.Score})"));
        Section("moves that would make room", told.Moves.Select(RebalanceCommand.Text));
        Section("decisions", told.Events.Select(one => $"{Time(one.At)} {one.Kind}: {one.Detail}"));
    }

    private static void Section(string heading, IEnumerable<string> lines)
    {
        bool first = true;
        foreach (string line in lines)
        {
            if (first)
            {
                Console.WriteLine($"{heading}:");
                first = false;
            }
            Console.WriteLine($"  {line}");
        }
    }

    private static string Time(long unixMs) =>
        DateTimeOffset
            .FromUnixTimeMilliseconds(unixMs)
            .ToLocalTime()
            .ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);
}
