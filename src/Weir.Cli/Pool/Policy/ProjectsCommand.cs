using System.CommandLine;
using Weir.Cli.Pool.Nodes;
using Weir.Protocol.Rest;

namespace Weir.Cli.Pool.Policy;

/// <summary>`weir projects`.</summary>
internal static class ProjectsCommand
{
    public static Command Create()
    {
        var output = OutputFormat.Option();
        var command = new Command("projects", "List the projects that you are in, and their quotas.") { output };
        command.Does(
            async (parsed, client, _) =>
            {
                var projects = await client.GetAsync("v1/projects", RestJson.Default.ProjectViewArray);
                return parsed.GetValue(output) == "json"
                    ? PoolCommand.Json(projects, RestJson.Default.ProjectViewArray)
                    : PoolCommand.Table(
                        "You are in no project: ask an operator.",
                        ["PROJECT", "DEVICES", "MEMORY", "MEMBERS", "ADMINS"],
                        projects.Select(project =>
                            (string[])
                                [
                                    project.Name,
                                    $"{project.ComputeGranted / 100.0:0.##}/{(project.ComputeQuota is { } most ? $"{most / 100.0:0.##}" : "any")}",
                                    $"{Sizes.Text((ulong)project.MemoryGranted)}/{(project.MemoryQuota is { } bytes ? Sizes.Text((ulong)bytes) : "any")}",
                                    string.Join(",", project.Members),
                                    string.Join(",", project.Admins),
                                ]
                        )
                    );
            }
        );
        command.Subcommands.Add(Set());
        command.Subcommands.Add(PoolsCommand.Remove("projects"));
        return command;
    }

    private static Command Set()
    {
        var name = new Argument<string>("name");
        var gpus = new Option<double?>("--gpus") { Description = "Devices that it may have at a time, e.g. 1.5." };
        var memory = ClaimOptions.Parsed(
            "--mem",
            "Device memory that it may have at a time, e.g. 64GiB.",
            text => (long?)Quantities.Bytes(text)
        );
        var members = new Option<string[]>("--member")
        {
            Description = "Its members, all of them (may be repeated; \"*\": everybody).",
        };
        var admins = new Option<string[]>("--admin") { Description = "Its admins, all of them (may be repeated)." };
        return new Command("set", "Make or change a project.") { name, gpus, memory, members, admins }.Does(
            async (parsed, client, _) =>
            {
                string project = parsed.GetValue(name)!;
                var now =
                    (await client.GetAsync("v1/projects", RestJson.Default.ProjectViewArray)).FirstOrDefault(one =>
                        one.Name == project
                    ) ?? new ProjectView();
                await client.PutAsync(
                    $"v1/projects/{NodesCommand.Escaped(project)}",
                    now with
                    {
                        ComputeQuota = parsed.GetValue(gpus) is { } most
                            ? (int)Math.Round(most * 100)
                            : now.ComputeQuota,
                        MemoryQuota = parsed.GetValue(memory) ?? now.MemoryQuota,
                        Members = parsed.GetValue(members) is { Length: > 0 } all ? all : now.Members,
                        Admins = parsed.GetValue(admins) is { Length: > 0 } heads ? heads : now.Admins,
                    },
                    RestJson.Default.ProjectView
                );
                return ExitCodes.Success;
            }
        );
    }
}
