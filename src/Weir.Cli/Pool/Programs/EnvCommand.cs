using System.CommandLine;
using System.Text.Json.Serialization;
using Weir.Protocol.Rest;

namespace Weir.Cli.Pool.Programs;

/// <summary>`weir env`: what a container engine must set and mount so that a program inside is attached to the pool.</summary>
internal static class EnvCommand
{
    public static Command Create()
    {
        var claim = new ClaimOptions();
        var format = new Option<string>("--format")
        {
            Description = "shell: for reading; podman: options for `podman run`, to stand before the image's name.",
            DefaultValueFactory = _ => "shell",
        };
        format.AcceptOnlyFromAmong("shell", "podman");
        var output = OutputFormat.Option();
        var command = new Command(
            "env",
            "Print what to set and mount so that a container's program is attached to the pool."
        )
        {
            format,
            output,
        };
        claim.AddTo(command);
        return command.Does(
            async (parsed, client, _) =>
            {
                var artifacts = Artifacts.Find() ?? throw new PoolException(Artifacts.Missing["weir: ".Length..]);
                var grant = await client.PostAsync(
                    "v1/leases",
                    claim.Read(parsed, "container"),
                    RestJson.Default.ClaimRequest,
                    RestJson.Default.GrantView
                );
                string ticket = LeasedProgram.Keep(grant);
                List<EnvMount> mounts =
                [
                    new(artifacts.ShimDirectory, "/opt/weir/shim", true),
                    new(Path.Combine(artifacts.Root, "bin"), "/opt/weir/bin", true),
                    new(ticket, "/run/weir/lease.json", true),
                ];
                foreach (var shard in grant.Ticket.Shards)
                {
                    if (shard.Local is { } socket)
                    {
                        // Its folder: the agent may be started again meanwhile, and makes a new socket.
                        string door = Path.GetDirectoryName(socket)!;
                        mounts.Add(new EnvMount(door, door, false));
                    }
                }
                var view = new EnvView(
                    grant.Lease.Id,
                    mounts,
                    ["/opt/weir/bin/weir-worker", "--launch", "--lease", "/run/weir/lease.json", "--"]
                );
                if (parsed.GetValue(output) == "json")
                {
                    return PoolCommand.Json(view, EnvJson.Default.EnvView);
                }
                if (parsed.GetValue(format) == "podman")
                {
                    Console.WriteLine(
                        string.Join(
                            ' ',
                            view.Mounts.Select(mount =>
                                    $"-v {mount.Source}:{mount.Target}{(mount.ReadOnly ? ":ro" : "")}"
                                )
                                // Without a space in it, so that a shell's $(weir env …) keeps it whole.
                                .Append($"--entrypoint [{string.Join(',', view.Entry.Select(word => $"\"{word}\""))}]")
                        )
                    );
                }
                else
                {
                    Console.WriteLine(
                        $"# lease {view.Lease}: mount these (source:target), and put the entry before the container's command"
                    );
                    view.Mounts.ForEach(mount =>
                        Console.WriteLine($"mount {mount.Source}:{mount.Target}{(mount.ReadOnly ? ":ro" : "")}")
                    );
                    Console.WriteLine($"entry {string.Join(' ', view.Entry)}");
                }
                return ExitCodes.Success;
            }
        );
    }
}

/// <summary>What `weir env` prints.</summary>
/// <param name="Lease">The lease that was granted for it.</param>
/// <param name="Mounts">Files and folders.</param>
/// <param name="Entry">What goes before the container's command.</param>
internal sealed record EnvView(string Lease, List<EnvMount> Mounts, string[] Entry);

/// <summary>A mount.</summary>
internal sealed record EnvMount(string Source, string Target, bool ReadOnly);

/// <summary>JSON, generated at build time.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(EnvView))]
internal sealed partial class EnvJson : JsonSerializerContext;
