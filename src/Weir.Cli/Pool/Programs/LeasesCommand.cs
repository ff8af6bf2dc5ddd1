using System.CommandLine;
using Weir.Protocol.Rest;

namespace Weir.Cli.Pool.Programs;

/// <summary>`weir leases`.</summary>
internal static class LeasesCommand
{
    public static Command Create()
    {
        var all = new Option<bool>("--all") { Description = "Ended ones too." };
        var output = OutputFormat.Option();
        var command = new Command("leases", "List leases: who was promised what.") { all, output };
        command.Does(
            async (parsed, client, _) =>
            {
                var leases = await client.GetAsync(
                    parsed.GetValue(all) ? "v1/leases?all=true" : "v1/leases",
                    RestJson.Default.LeaseViewArray
                );
                return parsed.GetValue(output) == "json"
                    ? PoolCommand.Json(leases, RestJson.Default.LeaseViewArray)
                    : PoolCommand.Table(
                        "No leases.",
                        ["LEASE", "STATE", "USER", "PROJECT", "SLICES", "AGE", "FOR"],
                        leases.Select(lease =>
                            (string[])
                                [
                                    lease.Id,
                                    lease.EndReason is null ? lease.State : $"{lease.State}: {lease.EndReason}",
                                    lease.User,
                                    lease.Project,
                                    PoolCommand.Slices(lease.Devices),
                                    PoolCommand.Ago(lease.GrantedAt),
                                    lease.Workload ?? lease.Program ?? "",
                                ]
                        )
                    );
            }
        );
        var id = new Argument<string>("lease");
        command.Subcommands.Add(
            new Command("end", "End a lease; its sessions end with it.") { id }.Does(
                async (parsed, client, _) =>
                {
                    var lease = await client.DeleteAsync(
                        $"v1/leases/{parsed.GetValue(id)}",
                        RestJson.Default.LeaseView
                    );
                    Console.WriteLine($"{lease.Id} has ended.");
                    return ExitCodes.Success;
                }
            )
        );
        return command;
    }
}
