using Weir.Cli.Pool;
using Weir.Protocol;
using Weir.Protocol.Agents;
using Weir.Protocol.Grpc;
using Weir.Protocol.Rest;

namespace Weir.Cli.Bench;

/// <summary>Agents that have devices only by their own word: they join, report, beat and read what they are told.</summary>
internal sealed class SimulatedAgents : IAsyncDisposable
{
    private const int BeatMs = 1000;
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Task> _running = [];
    private readonly List<AgentsClient> _clients = [];

    public static async Task<SimulatedAgents> StartAsync(
        ControllerClient controller,
        string address,
        string fingerprint,
        int nodes,
        int devices
    )
    {
        var agents = new SimulatedAgents();
        var token = await controller.PostAsync(
            "v1/tokens",
            new TokenRequest("join", null, null),
            RestJson.Default.TokenRequest,
            RestJson.Default.TokenView
        );
        for (int i = 0; i < nodes; i++)
        {
            await agents.AddAsync(address, fingerprint, token.Token, $"sim{i}", i, devices);
        }
        while ((await controller.GetAsync("v1/status", RestJson.Default.StatusView)).Devices < nodes * devices)
        {
            await Task.Delay(20);
        }
        return agents;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _clients.ForEach(client => client.Dispose());
        _stop.Dispose();
    }

    private async Task AddAsync(string address, string fingerprint, string token, string name, int number, int devices)
    {
        var client = new AgentsClient(address, fingerprint);
        _clients.Add(client);
        var version = new Protocol.Agents.Version
        {
            Major = ProtocolVersion.Major,
            Minor = ProtocolVersion.Minor,
            Release = "simulated",
        };
        var joined = await client.JoinAsync(
            new JoinRequest
            {
                Token = token,
                Node = name,
                Version = version,
            },
            _stop.Token
        );
        var stream = await client.ConnectAsync(joined.Credential, _stop.Token);
        await stream.SendAsync(
            new AgentMessage
            {
                Hello = new Hello
                {
                    Version = version,
                    Node = name,
                    Boot = name,
                    Address = $"127.0.0.1:{number + 1}",
                    Fingerprint = new string('0', 64),
                    Processors = 64,
                    HostMemoryBytes = 256UL << 30,
                },
            },
            _stop.Token
        );
        var inventory = new Inventory();
        for (int i = 0; i < devices; i++)
        {
            inventory.Devices.Add(
                new Device
                {
                    Uuid = $"GPU-{number:x8}-0000-0000-0000-{i:x12}",
                    Ordinal = (uint)i,
                    Kind = "cuda",
                    Model = "Simulated 80 GiB",
                    MemoryBytes = 80UL << 30,
                    Healthy = true,
                }
            );
        }
        await stream.SendAsync(new AgentMessage { Inventory = inventory }, _stop.Token);
        await stream.SendAsync(new AgentMessage { Report = new Report() }, _stop.Token);
        _running.Add(ReadAsync(stream));
        _running.Add(BeatAsync(stream, inventory));
    }

    private async Task ReadAsync(AgentStream stream)
    {
        while (await stream.ReceiveAsync(_stop.Token) is not null) { }
    }

    private async Task BeatAsync(AgentStream stream, Inventory inventory)
    {
        for (ulong beat = 1; !_stop.IsCancellationRequested; beat++)
        {
            var heartbeat = new Heartbeat { Sequence = beat };
            foreach (var device in inventory.Devices)
            {
                heartbeat.Devices.Add(new DeviceUsage { Uuid = device.Uuid, BusyNs = beat * 500_000_000 });
            }
            await stream.SendAsync(new AgentMessage { Heartbeat = heartbeat }, _stop.Token);
            await Task.Delay(BeatMs, _stop.Token);
        }
    }
}
