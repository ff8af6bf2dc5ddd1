using System.Net.Sockets;
using Weir.Cli.Pool;
using Weir.Controller.Tests.Support;
using Weir.Protocol.Agents;
using Weir.Protocol.Rest;

namespace Weir.Controller.Tests;

/// <summary>Who may see and touch what; nodes that drain; devices with faults.</summary>
public class AccessTests
{
    [Fact]
    public async Task Only_owner_project_admin_and_operator_see_and_end_a_lease()
    {
        await using var pool = await TestPool.StartAsync();
        await pool.NodeAsync("n1", devices: 4);
        await pool.Client.PutAsync(
            "v1/projects/lab",
            new ProjectView { Members = ["ann", "bob"], Admins = ["cat"] },
            RestJson.Default.ProjectView
        );
        using var ann = await pool.UserAsync("ann");
        using var bob = await pool.UserAsync("bob");
        using var cat = await pool.UserAsync("cat");
        var lease = (await pool.ClaimAsync(new ClaimRequest { Project = "lab" }, ann)).Lease;
        Assert.Equal(("ann", "lab"), (lease.User, lease.Project));

        Assert.Empty(await bob.GetAsync("v1/leases", RestJson.Default.LeaseViewArray));
        Assert.Equal(
            "unknown-lease",
            (await Assert.ThrowsAsync<PoolException>(() => pool.EndAsync(lease.Id, bob))).Code
        );
        Assert.Equal(
            "unknown-lease",
            (
                await Assert.ThrowsAsync<PoolException>(() =>
                    bob.PostAsync($"v1/leases/{lease.Id}/takeover", RestJson.Default.GrantView)
                )
            ).Code
        );
        Assert.Single(await cat.GetAsync("v1/leases", RestJson.Default.LeaseViewArray));
        await pool.EndAsync(lease.Id, cat);

        using var dan = await pool.UserAsync("dan");
        Assert.Equal("forbidden", (await LeaseTests.Refused(pool, new ClaimRequest { Project = "lab" }, dan)).Code);
        var mine = await pool.ClaimAsync(new ClaimRequest(), dan);
        Assert.Equal("default", mine.Lease.Project);
        await pool.EndAsync(mine.Lease.Id);
    }

    [Theory]
    [InlineData("v1/nodes/n1/drain")]
    [InlineData("v1/devices/x/cordon")]
    public async Task Changing_the_pool_is_for_operators(string path)
    {
        await using var pool = await TestPool.StartAsync();
        using var ann = await pool.UserAsync("ann");
        var refused = await Assert.ThrowsAsync<PoolException>(() =>
            ann.DoAsync(HttpMethod.Post, path, new DrainRequest(null), RestJson.Default.DrainRequest)
        );
        Assert.Equal("forbidden", refused.Code);
        Assert.Equal(
            "forbidden",
            (
                await Assert.ThrowsAsync<PoolException>(() =>
                    ann.PostAsync(
                        "v1/tokens",
                        new TokenRequest("join", null, null),
                        RestJson.Default.TokenRequest,
                        RestJson.Default.TokenView
                    )
                )
            ).Code
        );
        Assert.Equal(
            "forbidden",
            (
                await Assert.ThrowsAsync<PoolException>(() => ann.GetAsync("v1/audit", RestJson.Default.AuditViewArray))
            ).Code
        );
    }

    [Fact]
    public async Task Members_and_admins_of_a_project_are_those_of_the_projects_below_it()
    {
        await using var pool = await TestPool.StartAsync();
        await pool.NodeAsync("n1", devices: 2);
        await PutProjectAsync(
            pool,
            new ProjectView
            {
                Name = "lab",
                Members = ["ann"],
                Admins = ["eve"],
            }
        );
        await PutProjectAsync(pool, new ProjectView { Name = "vision", Parent = "lab" });
        await PutProjectAsync(pool, new ProjectView { Name = "speech", Members = ["bob"] });
        using var ann = await pool.UserAsync("ann");
        using var eve = await pool.UserAsync("eve");
        using var bob = await pool.UserAsync("bob");
        var lease = (await pool.ClaimAsync(new ClaimRequest { Project = "vision" }, ann)).Lease;
        var refused = await Assert.ThrowsAsync<PoolException>(() =>
            pool.ClaimAsync(new ClaimRequest { Project = "vision" }, bob)
        );
        Assert.Equal("forbidden", refused.Code);
        Assert.Equal(
            ["lab", "vision"],
            (await ann.GetAsync("v1/projects", RestJson.Default.ProjectViewArray))
                .Select(project => project.Name)
                .Where(name => name != "default")
        );
        // An admin of the one above may see and end what is below; others do not learn of it.
        await Assert.ThrowsAsync<PoolException>(() => pool.EndAsync(lease.Id, bob));
        await pool.EndAsync(lease.Id, eve);
    }

    private static Task<ProjectView> PutProjectAsync(TestPool pool, ProjectView project) =>
        pool.Client.PutAsync($"v1/projects/{project.Name}", project, RestJson.Default.ProjectView);

    [Fact]
    public async Task The_store_keeps_no_secret()
    {
        await using var pool = await TestPool.StartAsync();
        await pool.NodeAsync("n1");
        var token = await pool.TokenAsync("user", "ann");
        var grant = await pool.ClaimAsync(new ClaimRequest());
        await pool.Host.Commits.FlushAsync();
        foreach (
            string path in Directory
                .GetFiles(pool.Folder.Path, "weir.db*")
                .Where(path => !path.EndsWith(".lock", StringComparison.Ordinal))
        )
        {
            await using var file = new FileStream(
                path,
                FileMode.Open,
                FileAccess.Read,
                FileShare.ReadWrite | FileShare.Delete
            );
            using var reader = new StreamReader(file, System.Text.Encoding.Latin1);
            string text = await reader.ReadToEndAsync(TestContext.Current.CancellationToken);
            Assert.DoesNotContain(token.Token.Split('.')[2], text);
            Assert.DoesNotContain(grant.Ticket.Secret, text);
        }
    }

    [Fact]
    public async Task A_draining_node_takes_nothing_new_and_is_empty_at_the_deadline()
    {
        await using var pool = await TestPool.StartAsync();
        await pool.NodeAsync("n1", devices: 2);
        var grant = await pool.ClaimAsync(new ClaimRequest());
        await pool.Client.PostAsync(
            "v1/nodes/n1/drain",
            new DrainRequest(400),
            RestJson.Default.DrainRequest,
            RestJson.Default.NodeView
        );
        Assert.Equal("no-room", (await LeaseTests.Refused(pool, new ClaimRequest())).Code);
        await LeaseTests.Until(async () =>
            (await pool.Client.GetAsync("v1/nodes", RestJson.Default.NodeViewArray))[0].State == "drained"
        );
        // The node is empty as soon as the end is decided; it is told of when it is on disk.
        string? reason = null;
        await LeaseTests.Until(async () =>
            (reason = (await pool.Client.GetAsync($"v1/leases/{grant.Lease.Id}", RestJson.Default.LeaseView)).EndReason)
                is not null
        );
        Assert.Contains("drained", reason);
        await pool.Client.PostAsync("v1/nodes/n1/uncordon", RestJson.Default.NodeView);
        await pool.ClaimAsync(new ClaimRequest());
    }

    [Fact]
    public async Task A_faulty_device_ends_its_leases_and_returns_after_its_self_test()
    {
        await using var pool = await TestPool.StartAsync();
        var agent = await pool.NodeAsync("n1");
        string uuid = agent.Inventory.Devices[0].Uuid;
        var grant = await pool.ClaimAsync(new ClaimRequest());
        await agent.SayAsync(
            new AgentMessage
            {
                Health = new DeviceHealth { Uuid = uuid, Reason = "Xid 79" },
            }
        );
        await agent.ExpectAsync(message => message.Revoke?.Lease == grant.Lease.Id);
        Assert.Equal("faulty", (await pool.DevicesAsync())[0].State);
        Assert.Equal("device fault: Xid 79", (await pool.LeasesAsync(all: true))[0].EndReason);

        await pool.Client.DoAsync<DrainRequest>(HttpMethod.Post, $"v1/devices/{uuid}/uncordon", null, null);
        await agent.ExpectAsync(message => message.Device?.Action == DeviceAction.DeviceSelfTest);
        Assert.Equal("faulty", (await pool.DevicesAsync())[0].State);
        await agent.SayAsync(
            new AgentMessage
            {
                Health = new DeviceHealth { Uuid = uuid, Healthy = true },
            }
        );
        await LeaseTests.Until(async () => (await pool.DevicesAsync())[0].State == "ready");
    }

    [Fact]
    public async Task Sessions_and_their_use_are_listed_and_become_history()
    {
        await using var pool = await TestPool.StartAsync();
        var agent = await pool.NodeAsync("n1");
        var grant = await pool.ClaimAsync(new ClaimRequest());
        var session = new SessionReport
        {
            Session = "s-1",
            Lease = grant.Lease.Id,
            Epoch = 1,
            State = SessionState.SessionOpen,
            ClientProgram = "/usr/bin/train",
            ClientProcess = 42,
            StartedMs = 1000,
        };
        await agent.SayAsync(new AgentMessage { Session = session });
        await LeaseTests.Until(async () => (await Sessions(pool, "")).Length == 1);
        var ended = session.Clone();
        ended.State = SessionState.SessionEnded;
        ended.Reason = "client ended";
        ended.Usage.Add(
            new SessionUsage
            {
                Session = "s-1",
                BusyNs = 5,
                Launches = 7,
            }
        );
        await agent.SayAsync(new AgentMessage { Session = ended });
        await LeaseTests.Until(async () =>
            (await Sessions(pool, "")).Length == 0 && (await Sessions(pool, "?all=true")).Length == 1
        );
        var old = Assert.Single(await Sessions(pool, "?all=true"));
        Assert.Equal((7L, "client ended", "/usr/bin/train"), (old.Launches, old.Reason, old.Program));
    }

    [Fact]
    public async Task The_interface_is_described_and_the_description_is_published()
    {
        await using var pool = await TestPool.StartAsync();
        using var document = new MemoryStream();
        await pool.Client.CopyAsync("openapi/v1.json", document, CancellationToken.None);
        string now = System.Text.Encoding.UTF8.GetString(document.ToArray()).TrimEnd() + "\n";
        Assert.Contains("/v1/workloads/{id}/output", now);
        Assert.DoesNotContain("weir.agents", now);
        string published = Path.Combine(ControllerProcess.Root, "docs", "openapi.json");
        if (Environment.GetEnvironmentVariable("WEIR_WRITE_OPENAPI") == "1")
        {
            await File.WriteAllTextAsync(published, now, TestContext.Current.CancellationToken);
        }
        Assert.True(
            await File.ReadAllTextAsync(published, TestContext.Current.CancellationToken) == now,
            "docs/openapi.json is stale: run this test with WEIR_WRITE_OPENAPI=1 and look at the difference"
        );
    }

    [Fact]
    public async Task What_is_left_out_of_a_body_has_its_default()
    {
        await using var pool = await TestPool.StartAsync();
        await pool.NodeAsync("n1");
        using var handler = new SocketsHttpHandler
        {
            ConnectCallback = async (_, cancellation) =>
            {
                var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(pool.Folder.At("c.sock")), cancellation);
                return new NetworkStream(socket, ownsSocket: true);
            },
        };
        using var http = new HttpClient(handler);
        using var body = new StringContent("{}", System.Text.Encoding.UTF8, "application/json");
        using var answer = await http.PostAsync(
            "http://localhost/v1/leases",
            body,
            TestContext.Current.CancellationToken
        );
        string text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(answer.IsSuccessStatusCode, text);
        Assert.Contains("\"compute\":100", text);
    }

    private static Task<SessionView[]> Sessions(TestPool pool, string query) =>
        pool.Client.GetAsync($"v1/sessions{query}", RestJson.Default.SessionViewArray);
}
