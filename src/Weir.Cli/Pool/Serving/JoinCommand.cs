using System.CommandLine;
using System.Text.Json.Nodes;
using Weir.Cli.Run;

namespace Weir.Cli.Pool.Serving;

/// <summary>`weir join CONTROLLER --token …`: makes this machine a node of a pool and runs its agent.</summary>
internal static class JoinCommand
{
    public static Command Create()
    {
        var controller = new Argument<string>("controller") { Description = "HOST:PORT of the controller." };
        var token = new Option<string>("--token")
        {
            Description = "A join token (weir token create --kind join).",
            Required = true,
        };
        var name = new Option<string?>("--name") { Description = "This node's name (default: the host name)." };
        var listen = new Option<string?>("--agent-listen")
        {
            Description = "Where others reach this node's devices, ADDRESS:PORT (default 0.0.0.0:7443).",
        };
        var address = new Option<string?>("--address")
        {
            Description = "How other machines name this one, if not by its host name.",
        };
        var software = new Option<int?>("--software") { Description = "Software devices to offer." };
        var memory = ClaimOptions.Parsed(
            "--software-mem",
            "Memory of each software device, e.g. 4GiB.",
            text => (long?)Quantities.Bytes(text)
        );
        Option<double?> oversubscribe = NodeSetup.OversubscribeOption();
        var rack = new Option<string?>("--rack")
        {
            Description = "Rack, or whatever else shares one switch, so that slices of one program are close.",
        };
        var state = new Option<string?>("--state") { Description = "Folder for what stays (WEIR_STATE)." };
        var run = new Option<string?>("--run") { Description = "Folder for sockets (WEIR_RUN)." };
        var noStart = new Option<bool>("--no-start")
        {
            Description = "Only join; `weir install --agent` or `weir agent` runs the agent.",
        };
        var command = new Command("join", "Make this machine a node of a pool, and run its agent in the foreground.")
        {
            controller,
            token,
            name,
            listen,
            address,
            software,
            memory,
            oversubscribe,
            rack,
            state,
            run,
            noStart,
        };
        command.SetAction(
            (parsed, _) =>
                PoolCommand.Guard(async () =>
                {
                    var folders = PoolFolders.Find(parsed.GetValue(state), parsed.GetValue(run));
                    string node = (parsed.GetValue(name) ?? Environment.MachineName).ToLowerInvariant();
                    await NodeSetup.JoinAsync(folders, parsed.GetValue(controller)!, parsed.GetValue(token)!, node);
                    NodeSetup.Configure(
                        folders,
                        config =>
                        {
                            if (parsed.GetValue(listen) is { } at)
                            {
                                config["listen"] = at;
                            }
                            if (parsed.GetValue(address) is { } known)
                            {
                                config["advertise"] = known;
                            }
                            if (parsed.GetValue(rack) is { } inRack)
                            {
                                config["rack"] = inRack;
                            }
                            if (parsed.GetValue(software) is { } count and > 0)
                            {
                                config["software"] = new JsonArray(
                                    NodeSetup.Software(count, parsed.GetValue(memory), parsed.GetValue(oversubscribe))
                                );
                            }
                        }
                    );
                    Console.WriteLine($"{node} is a node of the pool at {parsed.GetValue(controller)}.");
                    return parsed.GetValue(noStart) ? ExitCodes.Success : Become(folders);
                })
        );
        return command;
    }

    /// <summary>`weir agent`: runs the agent of a machine that has joined.</summary>
    public static Command CreateAgent()
    {
        var state = new Option<string?>("--state") { Description = "Folder for what stays (WEIR_STATE)." };
        var run = new Option<string?>("--run") { Description = "Folder for sockets (WEIR_RUN)." };
        var command = new Command("agent", "Run the agent of this machine, which has joined a pool, in the foreground.")
        {
            state,
            run,
        };
        command.SetAction(
            (parsed, _) =>
                PoolCommand.Guard(() =>
                {
                    var folders = PoolFolders.Find(parsed.GetValue(state), parsed.GetValue(run));
                    return File.Exists(folders.AgentCredential)
                        ? Task.FromResult(Become(folders))
                        : throw new PoolException(
                            $"this machine is no node yet ({folders.AgentCredential} is missing): `weir join HOST:PORT --token …`"
                        );
                })
        );
        return command;
    }

    private static int Become(PoolFolders folders)
    {
        var artifacts = Artifacts.Find() ?? throw new PoolException(Artifacts.Missing["weir: ".Length..]);
        var (program, arguments) = ServiceProcess.Command(Path.Combine(artifacts.Root, "agent"), "weir-agent");
        return ProcessImage.Replace(
            program,
            [
                program,
                .. arguments,
                "--config",
                folders.AgentConfig,
                "--run",
                folders.Run,
                "--state",
                folders.Agent,
                "--worker",
                artifacts.Worker,
            ]
        );
    }
}
