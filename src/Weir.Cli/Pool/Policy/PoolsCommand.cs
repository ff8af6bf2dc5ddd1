using System.CommandLine;
using Weir.Cli.Pool.Nodes;
using Weir.Protocol.Rest;
using Weir.Scheduling.Placement;

namespace Weir.Cli.Pool.Policy;

/// <summary>`weir pools`.</summary>
internal static class PoolsCommand
{
    public static Command Create()
    {
        var output = OutputFormat.Option();
        var command = new Command("pools", "List pools, what they have and what is promised.") { output };
        command.Does(
            async (parsed, client, _) =>
            {
                var pools = await client.GetAsync("v1/pools", RestJson.Default.PoolViewArray);
                return parsed.GetValue(output) == "json"
                    ? PoolCommand.Json(pools, RestJson.Default.PoolViewArray)
                    : PoolCommand.Table(
                        "No pools.",
                        ["POOL", "DEVICES", "COMPUTE", "MEMORY", "LIMITS", "GRACE", "POLICY", "SHARES"],
                        pools.Select(pool =>
                            (string[])
                                [
                                    pool.Name,
                                    $"{pool.Devices}",
                                    $"{pool.ComputeGranted}/{pool.ComputeCapacity} %",
                                    $"{Sizes.Text((ulong)pool.MemoryGranted)}/{Sizes.Text((ulong)pool.MemoryCapacity)}",
                                    $"compute {pool.ComputeLimit} %, memory {pool.MemoryLimit} %",
                                    $"{pool.GraceMs / 1000} s",
                                    pool.Policy ?? "usual",
                                    Sharing(pool),
                                ]
                        )
                    );
            }
        );
        command.Subcommands.Add(Set());
        command.Subcommands.Add(Remove("pools"));
        return command;
    }

    private static string Sharing(PoolView pool) =>
        (pool.Lends, pool.Overflows) switch
        {
            (true, true) => "lends, overflows",
            (true, false) => "lends",
            (false, true) => "overflows",
            _ => "-",
        };

    /// <summary>`weir … remove NAME`.</summary>
    public static Command Remove(string what)
    {
        var name = new Argument<string>("name");
        return new Command("remove", "Remove it.") { name }.Does(
            async (parsed, client, _) =>
            {
                await client.DoAsync<DrainRequest>(
                    HttpMethod.Delete,
                    $"v1/{what}/{NodesCommand.Escaped(parsed.GetValue(name)!)}",
                    null,
                    null
                );
                return ExitCodes.Success;
            }
        );
    }

    private static Command Set()
    {
        var name = new Argument<string>("name");
        var compute = new Option<int?>("--compute-limit")
        {
            Description = "Percent of each device's compute that may be promised (above 100: over-commit).",
        };
        var memory = new Option<int?>("--memory-limit")
        {
            Description = "Percent of each device's memory that may be promised.",
        };
        var grace = ClaimOptions.Parsed(
            "--grace",
            "How long a holder may be away, e.g. 30s.",
            text => (long?)Quantities.Milliseconds(text)
        );
        var policy = new Option<string?>("--policy")
        {
            Description =
                $"How slices are placed: {string.Join(", ", PlacementPolicies.Names)} (\"usual\": as without this).",
        };
        var reserve = ClaimOptions.Parsed(
            "--reserve-after",
            "Devices are kept free for what has waited so long, e.g. 5m.",
            text => (long?)Quantities.Milliseconds(text)
        );
        var lends = new Option<bool?>("--lends")
        {
            Description = "Whether claims of pools that overflow may use its devices while nobody here asks for them.",
        };
        var overflows = new Option<bool?>("--overflows")
        {
            Description = "Whether its restartable workloads use devices of pools that lend when it is full.",
        };
        return new Command("set", "Make or change a pool.")
        {
            name,
            compute,
            memory,
            grace,
            policy,
            reserve,
            lends,
            overflows,
        }.Does(
            async (parsed, client, _) =>
            {
                string pool = parsed.GetValue(name)!;
                var now =
                    (await client.GetAsync("v1/pools", RestJson.Default.PoolViewArray)).FirstOrDefault(one =>
                        one.Name == pool
                    ) ?? new PoolView();
                await client.PutAsync(
                    $"v1/pools/{NodesCommand.Escaped(pool)}",
                    now with
                    {
                        ComputeLimit = parsed.GetValue(compute) ?? now.ComputeLimit,
                        MemoryLimit = parsed.GetValue(memory) ?? now.MemoryLimit,
                        Policy = parsed.GetValue(policy) switch
                        {
                            null => now.Policy,
                            "usual" => null,
                            var other => other,
                        },
                        ReserveAfterMs = (int)Math.Min(int.MaxValue, parsed.GetValue(reserve) ?? now.ReserveAfterMs),
                        Lends = parsed.GetValue(lends) ?? now.Lends,
                        Overflows = parsed.GetValue(overflows) ?? now.Overflows,
                        GraceMs = (int)Math.Min(int.MaxValue, parsed.GetValue(grace) ?? now.GraceMs),
                    },
                    RestJson.Default.PoolView
                );
                return ExitCodes.Success;
            }
        );
    }
}
