using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Weir.Protocol.Rest;

namespace Weir.Cli.Pool.Serving;

/// <summary>
/// `weir up`: controller and agent of this machine in the foreground, each a process of its own. One that ends is started
/// again; sessions outlive both.
/// </summary>
internal static class UpCommand
{
    private static readonly TimeSpan ReadyLimit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);

    public static Command Create()
    {
        var listen = new Option<string>("--listen")
        {
            Description = "Where other machines reach the controller, ADDRESS:PORT (port 0: any).",
            DefaultValueFactory = _ => "0.0.0.0:7440",
        };
        var agentListen = new Option<string>("--agent-listen")
        {
            Description = "Where other machines reach this node's devices, ADDRESS:PORT (port 0: any).",
            DefaultValueFactory = _ => "0.0.0.0:7443",
        };
        var address = new Option<string?>("--address")
        {
            Description = "How other machines name this one, if not by its host name.",
        };
        var database = new Option<string?>("--database")
        {
            Description =
                "PostgreSQL's connection string or a file (default: a file in the state folder; WEIR_DATABASE).",
        };
        var name = new Option<string?>("--name") { Description = "This node's name (default: the host name)." };
        var software = new Option<int?>("--software")
        {
            Description = "Software devices of this node (default: one when there is no real one).",
        };
        var memory = ClaimOptions.Parsed(
            "--software-mem",
            "Memory of each software device, e.g. 4GiB.",
            text => (long?)Quantities.Bytes(text)
        );
        Option<double?> oversubscribe = NodeSetup.OversubscribeOption();
        var state = new Option<string?>("--state") { Description = "Folder for what stays (WEIR_STATE)." };
        var run = new Option<string?>("--run") { Description = "Folder for sockets (WEIR_RUN)." };
        var noAgent = new Option<bool>("--no-agent") { Description = "Only the controller." };
        var dashboard = new Option<string>("--dashboard")
        {
            Description = "Where this machine's browsers reach the pages, ADDRESS:PORT (port 0: any), or none.",
            DefaultValueFactory = _ => "127.0.0.1:0",
        };
        var acceptClock = new Option<bool>("--accept-clock")
        {
            Description = "Start although the clock stands before the store's last entry.",
        };
        var command = new Command("up", "Run controller and agent on this machine, in the foreground.")
        {
            listen,
            agentListen,
            address,
            database,
            name,
            software,
            memory,
            oversubscribe,
            state,
            run,
            noAgent,
            dashboard,
            acceptClock,
        };
        command.SetAction(
            (parsed, _) =>
                PoolCommand.Guard(() =>
                    RunAsync(
                        PoolFolders.Find(parsed.GetValue(state), parsed.GetValue(run)),
                        new UpOptions(
                            parsed.GetValue(listen)!,
                            parsed.GetValue(agentListen)!,
                            parsed.GetValue(address),
                            parsed.GetValue(database),
                            (parsed.GetValue(name) ?? Environment.MachineName).ToLowerInvariant(),
                            parsed.GetValue(software),
                            parsed.GetValue(memory),
                            parsed.GetValue(oversubscribe),
                            !parsed.GetValue(noAgent),
                            parsed.GetValue(dashboard)!,
                            parsed.GetValue(acceptClock)
                        )
                    )
                )
        );
        return command;
    }

    private sealed record UpOptions(
        string Listen,
        string AgentListen,
        string? Address,
        string? Database,
        string Name,
        int? Software,
        long? SoftwareMemory,
        double? Oversubscribe,
        bool Agent,
        string Dashboard,
        bool AcceptClock
    );

    private static async Task<int> RunAsync(PoolFolders folders, UpOptions options)
    {
        long started = Stopwatch.GetTimestamp();
        var artifacts = Artifacts.Find() ?? throw new PoolException(Artifacts.Missing["weir: ".Length..]);
        PoolFolders.MakePassable(folders.State);
        // Others reach sockets in it: what they may do is decided behind them.
        Directory.CreateDirectory(folders.Run);
        await ChildSignals.EndLeftoversAsync(folders.Children);
        await ChildSignals.EndLeftoversAsync(folders.Pages);

        var ending = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, End);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, End);
        using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, End);

        var controller = StartController(artifacts, folders, options);
        ServiceProcess? agent = null;
        try
        {
            Remember(folders, controller, null);
            string[] said = (await controller.ReadyAsync(ReadyLimit)).Split(' ');
            // One that is started again is found where it was, also when any port was right at first.
            options = options with
            {
                Listen = options.Listen[..options.Listen.LastIndexOf(':')] + said[0][said[0].LastIndexOf(':')..],
            };
            if (options.Agent)
            {
                using var client = new ControllerClient(new Login(folders.ControllerSocket, null));
                await JoinSelfAsync(client, folders, options, said[0], said[1]);
                agent = StartAgent(artifacts, folders);
                Remember(folders, controller, agent);
                await NodeReadyAsync(client, options.Name, agent);
            }
            Console.WriteLine(
                $"ready after {Stopwatch.GetElapsedTime(started).TotalSeconds.ToString("0.00", CultureInfo.InvariantCulture)} s: controller {said[0]}, local socket {folders.ControllerSocket}"
            );
            Console.WriteLine(
                "Add a machine with what `weir token create --kind join` prints; stop with Ctrl-C (sessions go on)."
            );
            await using DashboardProcess? pages = DashboardProcess.Start(
                artifacts,
                options.Dashboard,
                folders,
                id => File.WriteAllText(folders.Pages, $"{id} weir-dashboard\n")
            );
            return await WatchAsync(artifacts, folders, options, controller, agent, ending.Task);
        }
        catch
        {
            await StopAsync(folders, controller, agent);
            throw;
        }

        void End(PosixSignalContext signal)
        {
            signal.Cancel = true;
            ending.TrySetResult();
        }
    }

    // Starts again what ends, with growing pauses when it ends soon.
    private static async Task<int> WatchAsync(
        Artifacts artifacts,
        PoolFolders folders,
        UpOptions options,
        ServiceProcess controller,
        ServiceProcess? agent,
        Task ending
    )
    {
        var pause = TimeSpan.FromSeconds(1);
        long lastEnd = Stopwatch.GetTimestamp();
        while (true)
        {
            List<Task> ends = [ending, controller.Ended];
            if (agent is not null)
            {
                ends.Add(agent.Ended);
            }
            await Task.WhenAny(ends);
            if (ending.IsCompleted)
            {
                await StopAsync(folders, controller, agent);
                return ExitCodes.Success;
            }
            pause = Stopwatch.GetElapsedTime(lastEnd) > LongestPause ? TimeSpan.FromMilliseconds(100) : pause;
            lastEnd = Stopwatch.GetTimestamp();
            string which = controller.HasEnded ? "controller" : "agent";
            await Console.Error.WriteLineAsync(
                $"weir: the {which} ended; it is started again in {pause.TotalSeconds:0.#} s"
            );
            await Task.WhenAny(Task.Delay(pause), ending);
            pause = pause * 2 > LongestPause ? LongestPause : pause * 2;
            if (controller.HasEnded)
            {
                controller = StartController(artifacts, folders, options);
            }
            if (agent is { HasEnded: true })
            {
                agent = StartAgent(artifacts, folders);
            }
            Remember(folders, controller, agent);
        }
    }

    private static ServiceProcess StartController(Artifacts artifacts, PoolFolders folders, UpOptions options)
    {
        var (program, arguments) = ServiceProcess.Command(
            Path.Combine(artifacts.Root, "controller"),
            "weir-controller"
        );
        arguments.AddRange([
            "serve",
            "--state",
            folders.Controller,
            "--socket",
            folders.ControllerSocket,
            "--listen",
            options.Listen,
        ]);
        if (options.Address is not null)
        {
            arguments.AddRange(["--address", options.Address]);
        }
        if (options.Database is not null)
        {
            // By the environment: a command line is for everybody to see.
            Environment.SetEnvironmentVariable("WEIR_DATABASE", options.Database);
        }
        if (options.AcceptClock)
        {
            arguments.Add("--accept-clock");
        }
        return ServiceProcess.Start("controller", program, arguments);
    }

    private static ServiceProcess StartAgent(Artifacts artifacts, PoolFolders folders)
    {
        var (program, arguments) = ServiceProcess.Command(Path.Combine(artifacts.Root, "agent"), "weir-agent");
        arguments.AddRange([
            "--config",
            folders.AgentConfig,
            "--run",
            folders.Run,
            "--state",
            folders.Agent,
            "--worker",
            artifacts.Worker,
        ]);
        return ServiceProcess.Start("agent", program, arguments);
    }

    private static async Task JoinSelfAsync(
        ControllerClient client,
        PoolFolders folders,
        UpOptions options,
        string address,
        string fingerprint
    )
    {
        NodeSetup.Configure(
            folders,
            config =>
            {
                config["listen"] = options.AgentListen;
                if (options.Address is not null)
                {
                    config["advertise"] = options.Address.Split(':')[0];
                }
                bool real = Path.Exists("/dev/nvidiactl");
                if (options.Software is { } count)
                {
                    config["software"] =
                        count == 0
                            ? new JsonArray()
                            : new JsonArray(NodeSetup.Software(count, options.SoftwareMemory, options.Oversubscribe));
                }
                else if (!config.ContainsKey("software") && !real)
                {
                    config["software"] = new JsonArray(
                        NodeSetup.Software(1, options.SoftwareMemory, options.Oversubscribe)
                    );
                }
            }
        );
        var nodes = await client.GetAsync("v1/nodes", RestJson.Default.NodeViewArray);
        bool known = nodes.Any(node => node.Name == options.Name);
        if (known && File.Exists(folders.AgentCredential))
        {
            NodeSetup.Point(folders, Local(address), fingerprint);
            return;
        }
        if (known)
        {
            // Its credential is lost, and this is the machine: it begins anew.
            await client.DoAsync<DrainRequest>(HttpMethod.Delete, $"v1/nodes/{options.Name}", null, null);
        }
        var token = await client.PostAsync(
            "v1/tokens",
            new TokenRequest("join", null, 60_000),
            RestJson.Default.TokenRequest,
            RestJson.Default.TokenView
        );
        await NodeSetup.JoinAsync(folders, Local(address), token.Token, options.Name);
    }

    // The agent of this machine needs no name service to find its controller.
    private static string Local(string address) => $"127.0.0.1:{address[(address.LastIndexOf(':') + 1)..]}";

    private static async Task NodeReadyAsync(ControllerClient client, string name, ServiceProcess agent)
    {
        long started = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(started) < ReadyLimit)
        {
            if (agent.HasEnded)
            {
                throw new PoolException($"the agent ended: {agent.Problem}");
            }
            var nodes = await client.GetAsync("v1/nodes", RestJson.Default.NodeViewArray);
            if (nodes.Any(node => node.Name == name && node.State != "away"))
            {
                return;
            }
            await Task.Delay(25);
        }
        throw new PoolException($"the agent did not connect within {ReadyLimit.TotalSeconds:0} s");
    }

    private static void Remember(PoolFolders folders, ServiceProcess controller, ServiceProcess? agent) =>
        File.WriteAllLines(
            folders.Children,
            agent is null
                ? [$"{controller.Id} weir-controller"]
                : [$"{controller.Id} weir-controller", $"{agent.Id} weir-agent"]
        );

    private static async Task StopAsync(PoolFolders folders, ServiceProcess controller, ServiceProcess? agent)
    {
        if (agent is not null)
        {
            await agent.StopAsync(StopLimit);
        }
        await controller.StopAsync(StopLimit);
        File.Delete(folders.Children);
    }
}
