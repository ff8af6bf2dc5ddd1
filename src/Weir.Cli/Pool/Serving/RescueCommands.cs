using System.CommandLine;
using Weir.Cli.Run;
using Weir.Protocol.Rest;

namespace Weir.Cli.Pool.Serving;

/// <summary>`weir backup` and `weir recover`: the controller's store.</summary>
internal static class RescueCommands
{
    public static Command CreateBackup()
    {
        var file = new Argument<string>("file") { Description = "A new file on the controller's machine." };
        return new Command("backup", "Write a copy of the controller's store while it runs.") { file }.Does(
            async (parsed, client, _) =>
            {
                string path = Path.GetFullPath(parsed.GetValue(file)!);
                await client.DoAsync(
                    HttpMethod.Post,
                    "v1/backup",
                    new BackupRequest(path),
                    RestJson.Default.BackupRequest
                );
                Console.WriteLine(
                    $"{path} is written. Keep the certificate {Path.Combine("controller", "controller.pfx")} of the state folder with it."
                );
                return ExitCodes.Success;
            }
        );
    }

    public static Command CreateRecover()
    {
        var from = new Option<string?>("--from")
        {
            Description = "A backup (default: what the damaged store still gives).",
        };
        var database = new Option<string?>("--database") { Description = "As for `weir up`." };
        var state = new Option<string?>("--state") { Description = "As for `weir up`." };
        var command = new Command("recover", "Put the controller's store back in place; the controller must not run.")
        {
            from,
            database,
            state,
        };
        command.SetAction(
            (parsed, _) =>
                PoolCommand.Guard(() =>
                {
                    var folders = PoolFolders.Find(parsed.GetValue(state));
                    var artifacts = Artifacts.Find() ?? throw new PoolException(Artifacts.Missing["weir: ".Length..]);
                    var (program, arguments) = ServiceProcess.Command(
                        Path.Combine(artifacts.Root, "controller"),
                        "weir-controller"
                    );
                    List<string> line = [program, .. arguments, "recover", "--state", folders.Controller];
                    foreach (
                        var (name, value) in (ReadOnlySpan<(string, string?)>)
                            [("--from", parsed.GetValue(from)), ("--database", parsed.GetValue(database))]
                    )
                    {
                        if (value is not null)
                        {
                            line.AddRange([name, value]);
                        }
                    }
                    return Task.FromResult(ProcessImage.Replace(program, line));
                })
        );
        return command;
    }
}
