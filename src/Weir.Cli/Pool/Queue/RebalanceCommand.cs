using System.CommandLine;
using Weir.Protocol.Rest;

namespace Weir.Cli.Pool.Queue;

/// <summary>`weir rebalance`.</summary>
internal static class RebalanceCommand
{
    public static Command Create()
    {
        var dry = new Option<bool>("--dry-run") { Description = "Only say what would be moved." };
        var moves = new Option<int>("--moves") { Description = "At most so many.", DefaultValueFactory = _ => 100 };
        var output = OutputFormat.Option();
        return new Command(
            "rebalance",
            "Move sessions to make room for what waits, and to empty nodes that are hardly used."
        )
        {
            dry,
            moves,
            output,
        }.Does(
            async (parsed, client, _) =>
            {
                string path = $"v1/rebalance?moves={parsed.GetValue(moves)}";
                var plan = parsed.GetValue(dry)
                    ? await client.GetAsync(path, RestJson.Default.RebalanceView)
                    : await client.PostAsync(path, RestJson.Default.RebalanceView);
                if (parsed.GetValue(output) == "json")
                {
                    return PoolCommand.Json(plan, RestJson.Default.RebalanceView);
                }
                foreach (var room in plan.Rooms)
                {
                    Console.WriteLine($"room for {room.For} ({room.Asks}):");
                    Print(room.Moves);
                }
                if (plan.Emptied.Count > 0)
                {
                    Console.WriteLine("to empty nodes that are hardly used:");
                    Print(plan.Emptied);
                }
                if (plan.Rooms.Count == 0 && plan.Emptied.Count == 0)
                {
                    Console.WriteLine("No move makes room for anything.");
                }
                bool allMoved = plan
                    .Rooms.SelectMany(room => room.Moves)
                    .Concat(plan.Emptied)
                    .All(move => move.Result is null or "moved");
                return allMoved ? ExitCodes.Success : ExitCodes.Failure;
            }
        );
    }

    /// <summary>A move, for people.</summary>
    public static string Text(MoveView move) =>
        $"{move.Workload ?? move.Lease}: {Place(move.From, move.FromDevices)} → {Place(move.To, move.ToDevices)} ({Sizes.Text((ulong)move.Bytes)})";

    private static string Place(string node, IReadOnlyList<string> devices) =>
        $"{node}/{string.Join('+', devices.Select(PoolCommand.Short))}";

    private static void Print(IReadOnlyList<MoveView> moves)
    {
        foreach (var move in moves)
        {
            Console.WriteLine($"  {Text(move)}{(move.Result is null ? "" : $": {move.Result}")}");
        }
    }
}
