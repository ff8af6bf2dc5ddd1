using Weir.Cli.Pool;
using Weir.Controller.Serving;
using Weir.Controller.Store;
using Weir.Protocol.Rest;

namespace Weir.Controller.Tests.Support;

/// <summary>A real controller in this process, spoken to over its local socket and its port.</summary>
internal sealed class TestPool : IAsyncDisposable
{
    private readonly TestFolder? _own;
    private readonly List<FakeAgent> _agents = [];

    private TestPool(ControllerHost host, ControllerClient client, TestFolder folder, TestFolder? own)
    {
        Host = host;
        Client = client;
        Folder = folder;
        _own = own;
    }

    public ControllerHost Host { get; }

    public ControllerClient Client { get; }

    public TestFolder Folder { get; }

    public static async Task<TestPool> StartAsync(
        TestFolder? folder = null,
        Database? database = null,
        TimeProvider? time = null
    )
    {
        var own = folder is null ? new TestFolder() : null;
        var place = folder ?? own!;
        var options = Options(place);
        var host = await ControllerHost.StartAsync(
            options,
            database ?? new SqliteDatabase(place.At("weir.db")),
            time ?? TimeProvider.System
        );
        return new TestPool(host, new ControllerClient(new Login(options.Socket, null)), place, own);
    }

    public static ControllerOptions Options(TestFolder folder) => new(folder.Path, "127.0.0.1:0", folder.At("c.sock"));

    /// <summary>A client with a user token over the network.</summary>
    public async Task<ControllerClient> UserAsync(string user, long? lifeMs = null)
    {
        var token = await TokenAsync("user", user, lifeMs);
        return new ControllerClient(new Login(Host.Identity.Address, token.Token));
    }

    public Task<TokenView> TokenAsync(string kind, string? user = null, long? lifeMs = null) =>
        Client.PostAsync(
            "v1/tokens",
            new TokenRequest(kind, user, lifeMs),
            RestJson.Default.TokenRequest,
            RestJson.Default.TokenView
        );

    /// <summary>A node whose agent is this process; placeable when this returns.</summary>
    public async Task<FakeAgent> NodeAsync(
        string name,
        int devices = 1,
        long memory = 8L << 30,
        string model = "Model A"
    )
    {
        var agent = await FakeAgent.JoinAsync(Host, (await TokenAsync("join")).Token, name);
        agent.AddDevices(devices, memory, model);
        Keep(agent);
        await agent.ConnectAsync();
        return agent;
    }

    /// <summary>The agent's stream ends with the pool.</summary>
    public void Keep(FakeAgent agent) => _agents.Add(agent);

    public Task<GrantView> ClaimAsync(ClaimRequest claim, ControllerClient? client = null) =>
        (client ?? Client).PostAsync("v1/leases", claim, RestJson.Default.ClaimRequest, RestJson.Default.GrantView);

    public Task<LeaseView> EndAsync(string lease, ControllerClient? client = null) =>
        (client ?? Client).DeleteAsync($"v1/leases/{lease}", RestJson.Default.LeaseView);

    public Task<LeaseView[]> LeasesAsync(bool all = false) =>
        Client.GetAsync(all ? "v1/leases?all=true" : "v1/leases", RestJson.Default.LeaseViewArray);

    public Task<DeviceView[]> DevicesAsync() => Client.GetAsync("v1/devices", RestJson.Default.DeviceViewArray);

    public async Task<WorkloadView> WorkloadAsync(string id) =>
        (await Client.GetAsync($"v1/workloads/{id}", RestJson.Default.WorkloadViewArray))[0];

    public Task<SubmitView> SubmitAsync(WorkloadRequest request, ControllerClient? client = null) =>
        (client ?? Client).PostAsync(
            "v1/workloads",
            request,
            RestJson.Default.WorkloadRequest,
            RestJson.Default.SubmitView
        );

    public async ValueTask DisposeAsync()
    {
        foreach (var agent in _agents)
        {
            await agent.DisposeAsync();
        }
        Client.Dispose();
        await Host.DisposeAsync();
        _own?.Dispose();
    }
}
