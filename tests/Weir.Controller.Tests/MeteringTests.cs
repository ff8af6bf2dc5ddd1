using Weir.Cli.Pool;
using Weir.Controller.Metering;
using Weir.Controller.Store;
using Weir.Controller.Tests.Support;
using Weir.Metering.Usage;
using Weir.Protocol.Agents;
using Weir.Protocol.Rest;
using SessionState = Weir.Protocol.Agents.SessionState;

namespace Weir.Controller.Tests;

/// <summary>From what agents report to what people are told.</summary>
public class MeteringTests
{
    private const long Second = 1_000_000_000;

    [Fact]
    public async Task What_a_session_used_is_found_by_project_and_by_device_and_survives_a_restart()
    {
        using var folder = new TestFolder();
        string device;
        await using (var pool = await TestPool.StartAsync(folder))
        {
            (FakeAgent agent, LeaseView lease) = await HeldAsync(pool);
            device = agent.Inventory.Devices[0].Uuid;
            await UseAsync(agent, lease, device, 1, 1 * Second, SessionState.SessionOpen);
            await UseAsync(agent, lease, device, 2, 3 * Second, SessionState.SessionEnded);
            await agent.ExpectAsync(message => message.Kept?.Sessions.Contains("s-1") == true);
            await CheckAsync(pool, device);
        }
        await using var next = await TestPool.StartAsync(folder);
        await CheckAsync(next, device);
    }

    [Fact]
    public async Task The_same_on_PostgreSQL()
    {
        using var server = PostgresServer.Start();
        using var folder = new TestFolder();
        await using var pool = await TestPool.StartAsync(folder, Database.Of(server.ConnectionString("weir")));
        (FakeAgent agent, LeaseView lease) = await HeldAsync(pool);
        string device = agent.Inventory.Devices[0].Uuid;
        await UseAsync(agent, lease, device, 2, 3 * Second, SessionState.SessionEnded);
        await agent.ExpectAsync(message => message.Kept is not null);
        await CheckAsync(pool, device);
    }

    [Fact]
    public async Task The_books_balance_when_the_controller_is_killed_again_and_again()
    {
        using var folder = new TestFolder();
        int port = ControllerProcess.FreePort();
        var random = new Random(20261121);
        using var first = await ControllerProcess.StartAsync(folder, port);
        var token = await first.Client.PostAsync(
            "v1/tokens",
            new TokenRequest("join", null, null),
            RestJson.Default.TokenRequest,
            RestJson.Default.TokenView
        );
        await using var agent = await FakeAgent.JoinAsync(first.Address, first.Fingerprint, token.Token, "n1");
        agent.AddDevices(1, 8L << 30, "Model A");
        await agent.ConnectAsync();
        string device = agent.Inventory.Devices[0].Uuid;
        var lease = (
            await first.Client.PostAsync(
                "v1/leases",
                new ClaimRequest { Compute = 100, GraceMs = 600_000 },
                RestJson.Default.ClaimRequest,
                RestJson.Default.GrantView
            )
        ).Lease;
        await agent.ExpectAsync(message => message.Grant?.Lease == lease.Id);
        await agent.HolderAsync(lease.Id, HolderState.HolderPresent);
        ulong busy = 0;
        ulong sequence = 0;
        ControllerProcess controller = first;
        for (int round = 0; round < 3; round++)
        {
            for (int report = random.Next(1, 6); report > 0; report--)
            {
                busy += (ulong)random.NextInt64(Second / 10);
                await UseAsync(agent, lease, device, ++sequence, (long)busy, SessionState.SessionOpen);
            }
            if (random.Next(2) == 0)
            {
                // Asking has it stored; the kill comes behind a store, or before one.
                _ = await controller.Client.GetAsync("v1/debt", RestJson.Default.DebtView);
            }
            await agent.DisconnectAsync();
            controller.Kill();
            if (controller != first)
            {
                controller.Dispose();
            }
            controller = await ControllerProcess.StartAsync(folder, port);
            await agent.ConnectAsync();
            await agent.HolderAsync(lease.Id, HolderState.HolderPresent);
        }
        await UseAsync(agent, lease, device, ++sequence, (long)busy, SessionState.SessionEnded);
        await agent.ExpectAsync(message => message.Kept?.Sessions.Contains("s-1") == true);
        Assert.Equal(0, (await controller.Client.GetAsync("v1/debt", RestJson.Default.DebtView)).Total.Residual);
        controller.Dispose();
        using var store = new UsageStore(new SqliteDatabase(folder.At("weir-usage.db")));
        foreach (Resolution resolution in Resolution.All)
        {
            Assert.Equal((long)busy / 1000, Sum(store, resolution, UsageField.BusyUs));
            Assert.Equal((long)sequence, Sum(store, resolution, UsageField.Launches));
        }
    }

    [Fact]
    public async Task Prices_with_gaps_leave_costs_unknown_and_say_so()
    {
        await using var pool = await TestPool.StartAsync();
        (FakeAgent agent, LeaseView lease) = await HeldAsync(pool);
        await UseAsync(agent, lease, agent.Inventory.Devices[0].Uuid, 1, Second, SessionState.SessionOpen);
        var before = await pool.Client.GetAsync("v1/cost", RestJson.Default.CostView);
        Assert.Equal((null, null), (before.Currency, before.Total));
        Assert.Contains(before.Notes, note => note.Contains("weir cost prices set"));
        await SetAsync(pool.Client, new PriceListView("EUR", [new PriceView("Model Z", 2)]));
        var gap = await pool.Client.GetAsync("v1/cost", RestJson.Default.CostView);
        Assert.Null(gap.Total);
        Assert.True(gap.Unpriced > 0);
        Assert.Contains(gap.Notes, note => note.Contains("unknown"));
        await SetAsync(pool.Client, new PriceListView("EUR", [new PriceView("model a", 3600, 7200)]));
        var known = await pool.Client.GetAsync("v1/cost", RestJson.Default.CostView);
        Assert.Equal(0, known.Unpriced);
        Assert.True(known.Total > 0 && known.ListTotal >= 2 * known.Total - 0.01m);

        var bad = await Assert.ThrowsAsync<PoolException>(() =>
            SetAsync(pool.Client, new PriceListView("euros", [new PriceView("*", 1)]))
        );
        Assert.Contains("no currency", bad.Message);
        using var user = await pool.UserAsync("ann");
        var forbidden = await Assert.ThrowsAsync<PoolException>(() =>
            SetAsync(user, new PriceListView("EUR", [new PriceView("*", 1)]))
        );
        Assert.Contains("for operators", forbidden.Message);
    }

    [Fact]
    public async Task Who_may_not_see_a_project_sees_the_pool_and_no_names()
    {
        await using var pool = await TestPool.StartAsync();
        await SchedulingTests.Project(pool, new ProjectView { Name = "secret", Members = ["bob"] });
        (FakeAgent agent, LeaseView lease) = await HeldAsync(pool, "secret");
        await UseAsync(agent, lease, agent.Inventory.Devices[0].Uuid, 1, Second, SessionState.SessionOpen);
        using var user = await pool.UserAsync("ann");
        foreach (string by in (string[])["project", "user", "workload", "program"])
        {
            var view = await user.GetAsync($"v1/debt?by={by}", RestJson.Default.DebtView);
            Assert.True(view.Total.Allocated > 0);
            Assert.DoesNotContain(view.Groups, group => group.Key is not ("" or "(others)"));
        }
        var all = await pool.Client.GetAsync("v1/debt", RestJson.Default.DebtView);
        Assert.Contains(all.Groups, group => group.Key == "secret");
    }

    [Theory]
    [InlineData("v1/debt?by=colour", "by=colour is not known")]
    [InlineData("v1/debt?by=7", "by=7 is not known")]
    [InlineData("v1/debt?from=2000&to=1000", "ends before it begins")]
    [InlineData("v1/debt?from=99999999999999&to=99999999999999999", "in the future")]
    public async Task Questions_that_cannot_be_meant_are_answered_with_what_to_do(string path, string said)
    {
        await using var pool = await TestPool.StartAsync();
        var refused = await Assert.ThrowsAsync<PoolException>(() =>
            pool.Client.GetAsync(path, RestJson.Default.DebtView)
        );
        Assert.Contains(said, refused.Message);
    }

    private static async Task<(FakeAgent, LeaseView)> HeldAsync(TestPool pool, string? project = null)
    {
        var agent = await pool.NodeAsync("n1");
        var lease = (await pool.ClaimAsync(new ClaimRequest { Compute = 100, Project = project })).Lease;
        await agent.ExpectAsync(message => message.Grant?.Lease == lease.Id);
        await agent.HolderAsync(lease.Id, HolderState.HolderPresent);
        return (agent, lease);
    }

    private static long Sum(UsageStore store, Resolution resolution, UsageField field) =>
        store
            .Read(resolution, 0, long.MaxValue / 2)
            .Sum(series => series.Values.Where((_, i) => i % UsageFields.Count == (int)field).Sum());

    private static Task<PriceListView> SetAsync(ControllerClient client, PriceListView list) =>
        client.PutAsync("v1/prices", list, RestJson.Default.PriceListView);

    // A second or three of work on a device with one core; the lease may be younger than that, so all of it may count as used.
    private static async Task CheckAsync(TestPool pool, string device)
    {
        foreach (string by in (string[])["project", "device"])
        {
            var view = await pool.Client.GetAsync($"v1/debt?by={by}", RestJson.Default.DebtView);
            Assert.Equal(0, view.Total.Residual);
            Assert.True(view.Total.Used > 0);
            var group = view.Groups.Single(one => one.Key == (by == "device" ? device : "default"));
            Assert.Equal(view.Total.Used, group.Parts.Used);
        }
    }

    private static Task UseAsync(
        FakeAgent agent,
        LeaseView lease,
        string device,
        ulong sequence,
        long busyNs,
        SessionState state
    ) =>
        agent.SayAsync(
            new AgentMessage
            {
                Session = new SessionReport
                {
                    Session = "s-1",
                    Lease = lease.Id,
                    Epoch = lease.Epoch,
                    State = state,
                    ClientProgram = "/bin/train",
                    Devices = { device },
                    Usage =
                    {
                        new SessionUsage
                        {
                            Session = "s-1",
                            Device = device,
                            Sequence = sequence,
                            BusyNs = (ulong)busyNs,
                            Launches = sequence,
                        },
                    },
                },
            }
        );
}
