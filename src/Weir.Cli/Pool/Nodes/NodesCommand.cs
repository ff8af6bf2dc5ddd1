using System.CommandLine;
using Weir.Protocol.Rest;

namespace Weir.Cli.Pool.Nodes;

/// <summary>`weir nodes` and `weir drain`.</summary>
internal static class NodesCommand
{
    public static Command Create()
    {
        var output = OutputFormat.Option();
        var command = new Command("nodes", "List the pool's nodes.") { output };
        command.Does(
            async (parsed, client, _) =>
            {
                var nodes = await client.GetAsync("v1/nodes", RestJson.Default.NodeViewArray);
                return parsed.GetValue(output) == "json"
                    ? PoolCommand.Json(nodes, RestJson.Default.NodeViewArray)
                    : PoolCommand.Table(
                        "No nodes: `weir join` adds one.",
                        [
                            "NODE",
                            "STATE",
                            "DEVICES",
                            "LEASES",
                            "SESSIONS",
                            "CPUS",
                            "MEMORY",
                            "ADDRESS",
                            "RELEASE",
                            "SEEN",
                        ],
                        nodes.Select(node =>
                            (string[])
                                [
                                    node.Name,
                                    node.State,
                                    $"{node.Devices}",
                                    $"{node.Leases}",
                                    $"{node.Sessions}",
                                    $"{node.Processors}",
                                    Sizes.Text((ulong)node.HostMemoryBytes),
                                    node.Address,
                                    node.Release,
                                    PoolCommand.Ago(node.LastSeen),
                                ]
                        )
                    );
            }
        );
        command.Subcommands.Add(Mode("cordon", "Place nothing new on a node."));
        command.Subcommands.Add(Mode("uncordon", "Let a node be used again."));
        var name = new Argument<string>("node");
        command.Subcommands.Add(
            new Command("remove", "Forget a node; its leases end.") { name }.Does(
                async (parsed, client, _) =>
                {
                    await client.DoAsync<DrainRequest>(
                        HttpMethod.Delete,
                        $"v1/nodes/{Escaped(parsed.GetValue(name)!)}",
                        null,
                        null
                    );
                    return ExitCodes.Success;
                }
            )
        );
        return command;
    }

    /// <summary>`weir drain NODE`.</summary>
    public static Command CreateDrain()
    {
        var name = new Argument<string>("node");
        var deadline = ClaimOptions.Parsed(
            "--deadline",
            "End what is left after so long, e.g. 10m (default: wait for it).",
            text => (long?)Quantities.Milliseconds(text)
        );
        var wait = new Option<bool>("--wait") { Description = "Come back when nothing is left on it." };
        var output = OutputFormat.Option();
        return new Command(
            "drain",
            "Place nothing new on a node; what runs there is parked where that can be, otherwise it ends by itself."
        )
        {
            name,
            deadline,
            wait,
            output,
        }.Does(
            async (parsed, client, cancellation) =>
            {
                string node = parsed.GetValue(name)!;
                var view = await client.PostAsync(
                    $"v1/nodes/{Escaped(node)}/drain",
                    new DrainRequest(parsed.GetValue(deadline)),
                    RestJson.Default.DrainRequest,
                    RestJson.Default.NodeView
                );
                while (parsed.GetValue(wait) && view.State == "draining")
                {
                    await Task.Delay(250, cancellation);
                    var nodes = await client.GetAsync("v1/nodes", RestJson.Default.NodeViewArray);
                    view =
                        nodes.FirstOrDefault(one => one.Name == node)
                        ?? throw new PoolException($"node {node} was removed");
                }
                if (parsed.GetValue(output) == "json")
                {
                    return PoolCommand.Json(view, RestJson.Default.NodeView);
                }
                Console.WriteLine(
                    $"{view.Name} is {view.State}, {view.Leases} leases left. `weir nodes uncordon {view.Name}` lets it be used again."
                );
                return ExitCodes.Success;
            }
        );
    }

    /// <summary>A name inside a path.</summary>
    public static string Escaped(string name) => Uri.EscapeDataString(name);

    private static Command Mode(string verb, string description)
    {
        var name = new Argument<string>("node");
        return new Command(verb, description) { name }.Does(
            async (parsed, client, _) =>
            {
                var view = await client.PostAsync(
                    $"v1/nodes/{Escaped(parsed.GetValue(name)!)}/{verb}",
                    RestJson.Default.NodeView
                );
                Console.WriteLine($"{view.Name} is {view.State}.");
                return ExitCodes.Success;
            }
        );
    }
}
