using Weir.Cli.Pool;
using Weir.Controller.State;
using Weir.Controller.Tests.Support;
using Weir.Protocol.Agents;
using Weir.Protocol.Rest;

namespace Weir.Controller.Tests;

/// <summary>Grants, ends and epochs, over REST and an agent's stream.</summary>
public class LeaseTests
{
    private const long GiB = 1L << 30;

    [Fact]
    public async Task A_grant_reaches_the_agent_with_the_hash_of_the_ticket_s_secret()
    {
        await using var pool = await TestPool.StartAsync();
        var agent = await pool.NodeAsync("n1");
        var grant = await pool.ClaimAsync(new ClaimRequest { Compute = 50, Boot = "boot-of-n1" });

        var told = (await agent.ExpectAsync(message => message.Grant?.Lease == grant.Lease.Id)).Grant;
        Assert.Equal(Identifiers.Hash(grant.Ticket.Secret), Convert.ToHexStringLower(told.SecretHash.Span));
        Assert.Equal((50u, (ulong)(4 * GiB)), (told.Shares[0].Compute, told.Shares[0].MemoryBytes));
        var shard = Assert.Single(grant.Ticket.Shards);
        Assert.Equal(("n1", "/run/weir/agent.sock"), (shard.Node, shard.Local));
        Assert.Equal(agent.Inventory.Devices[0].Uuid, Assert.Single(shard.Devices).Uuid);
        Assert.Equal("granted", Assert.Single(await pool.LeasesAsync()).State);
    }

    [Fact]
    public async Task A_claim_of_another_machine_is_sent_to_the_address()
    {
        await using var pool = await TestPool.StartAsync();
        await pool.NodeAsync("n1");
        var grant = await pool.ClaimAsync(new ClaimRequest { Boot = "another machine" });
        Assert.Null(grant.Ticket.Shards[0].Local);
    }

    [Fact]
    public async Task Two_devices_of_two_nodes_make_one_lease_with_two_shards()
    {
        await using var pool = await TestPool.StartAsync();
        var first = await pool.NodeAsync("n1");
        var second = await pool.NodeAsync("n2");
        var grant = await pool.ClaimAsync(new ClaimRequest { Count = 2 });
        Assert.Equal(["n1", "n2"], grant.Ticket.Shards.Select(shard => shard.Node));
        Assert.Equal([0, 1], grant.Ticket.Shards.SelectMany(shard => shard.Devices).Select(device => device.Ordinal));
        await first.ExpectAsync(message => message.Grant?.Lease == grant.Lease.Id);
        await second.ExpectAsync(message => message.Grant?.Lease == grant.Lease.Id);
    }

    [Fact]
    public async Task A_full_pool_refuses_and_an_ended_lease_makes_room()
    {
        await using var pool = await TestPool.StartAsync();
        var agent = await pool.NodeAsync("n1");
        var grant = await pool.ClaimAsync(new ClaimRequest());
        Assert.Equal("no-room", (await Refused(pool, new ClaimRequest { Compute = 1 })).Code);

        var waiting = pool.ClaimAsync(new ClaimRequest { WaitMs = 120_000 });
        await WaitAsync(pool, 1);
        await pool.EndAsync(grant.Lease.Id);
        var next = await waiting;
        Assert.NotEqual(grant.Lease.Id, next.Lease.Id);
        await agent.ExpectAsync(message => message.Grant?.Lease == next.Lease.Id);
        var order = agent
            .Received.Select(message => message.Revoke?.Lease ?? message.Grant?.Lease)
            .Where(id => id is not null);
        Assert.Equal([grant.Lease.Id, grant.Lease.Id, next.Lease.Id], order);
        Assert.Empty(agent.Overruns);
    }

    [Fact]
    public async Task The_highest_priority_is_served_first()
    {
        await using var pool = await TestPool.StartAsync();
        await pool.NodeAsync("n1");
        var grant = await pool.ClaimAsync(new ClaimRequest());
        var low = pool.ClaimAsync(new ClaimRequest { WaitMs = 120_000, Program = "low" });
        var high = pool.ClaimAsync(
            new ClaimRequest
            {
                WaitMs = 120_000,
                Priority = 5,
                Program = "high",
            }
        );
        await WaitAsync(pool, 2);
        await pool.EndAsync(grant.Lease.Id);
        await pool.EndAsync((await high).Lease.Id);
        await low;
    }

    [Fact]
    public async Task A_lost_holder_ends_the_lease_on_all_nodes()
    {
        await using var pool = await TestPool.StartAsync();
        var first = await pool.NodeAsync("n1");
        var second = await pool.NodeAsync("n2");
        var grant = await pool.ClaimAsync(new ClaimRequest { Count = 2 });
        await first.ExpectAsync(message => message.Grant?.Lease == grant.Lease.Id);
        await first.HolderAsync(grant.Lease.Id, HolderState.HolderPresent);
        await Until(async () => (await pool.LeasesAsync())[0].State == "held");
        await first.HolderAsync(grant.Lease.Id, HolderState.HolderLost);
        await second.ExpectAsync(message => message.Revoke?.Lease == grant.Lease.Id);
        var ended = Assert.Single(await pool.LeasesAsync(all: true));
        Assert.Equal(("ended", "its holder ended"), (ended.State, ended.EndReason));
        Assert.All(
            await pool.DevicesAsync(),
            device => Assert.Equal((0, 0L), (device.ComputeGranted, device.MemoryGranted))
        );
    }

    [Fact]
    public async Task Taking_over_counts_the_epoch_up_and_tells_the_agent()
    {
        await using var pool = await TestPool.StartAsync();
        var agent = await pool.NodeAsync("n1");
        var grant = await pool.ClaimAsync(new ClaimRequest());
        var taken = await pool.Client.PostAsync($"v1/leases/{grant.Lease.Id}/takeover", RestJson.Default.GrantView);
        Assert.Equal(2ul, taken.Ticket.Epoch);
        Assert.NotEqual(grant.Ticket.Secret, taken.Ticket.Secret);
        var told = (await agent.ExpectAsync(message => message.Grant?.Epoch == 2)).Grant;
        Assert.Equal(Identifiers.Hash(taken.Ticket.Secret), Convert.ToHexStringLower(told.SecretHash.Span));
    }

    [Fact]
    public async Task A_life_time_ends_a_lease()
    {
        await using var pool = await TestPool.StartAsync();
        var agent = await pool.NodeAsync("n1");
        var grant = await pool.ClaimAsync(new ClaimRequest { LifeMs = 200 });
        await agent.ExpectAsync(message => message.Revoke?.Lease == grant.Lease.Id);
        Assert.Equal("its life time ended", Assert.Single(await pool.LeasesAsync(all: true)).EndReason);
    }

    [Fact]
    public async Task A_lease_that_nobody_ever_held_keeps_no_room_for_long_after_a_restart()
    {
        using var folder = new TestFolder();
        var clock = new PassingClock();
        FakeAgent agent;
        string unheld;
        string held;
        await using (var first = await TestPool.StartAsync(folder, time: clock))
        {
            agent = await first.NodeAsync("n1");
            unheld = (await first.ClaimAsync(new ClaimRequest { Compute = 30 })).Lease.Id;
            held = (await first.ClaimAsync(new ClaimRequest { Compute = 30 })).Lease.Id;
            await agent.ExpectAsync(message => message.Grant?.Lease == held);
            await agent.HolderAsync(held, HolderState.HolderPresent);
        }
        // The claim's answer was lost with the controller, say; most of the time that it had is over.
        agent.Leases.TryRemove(unheld, out _);
        clock.Pass(TimeSpan.FromSeconds(55));
        await using var second = await TestPool.StartAsync(folder, time: clock);
        await agent.ConnectAsync(second.Host.Identity.Address);
        Assert.Equal(2, (await second.LeasesAsync()).Length);
        clock.Pass(TimeSpan.FromSeconds(11));
        await Until(async () => (await second.LeasesAsync()).Length == 1);
        Assert.Equal(held, Assert.Single(await second.LeasesAsync()).Id);
        // Its end is decided first and written afterwards.
        LeaseView? ended = null;
        await Until(async () =>
            (ended = (await second.LeasesAsync(all: true)).SingleOrDefault(lease => lease.Id == unheld)) is not null
        );
        Assert.Equal("no holder came in time", ended!.EndReason);
        await agent.DisposeAsync();
    }

    [Fact]
    public async Task An_agent_that_refuses_a_grant_ends_it()
    {
        await using var pool = await TestPool.StartAsync();
        var agent = await pool.NodeAsync("n1");
        var grant = await pool.ClaimAsync(new ClaimRequest());
        await agent.SayAsync(
            new AgentMessage
            {
                GrantRefused = new GrantRefused
                {
                    Lease = grant.Lease.Id,
                    Epoch = 1,
                    Reason = "no such device",
                },
            }
        );
        await agent.ExpectAsync(message => message.Revoke?.Lease == grant.Lease.Id);
    }

    [Fact]
    public async Task Over_commit_is_a_setting_of_the_pool()
    {
        await using var pool = await TestPool.StartAsync();
        await pool.NodeAsync("n1");
        await pool.Client.PutAsync(
            "v1/pools/default",
            new PoolView { ComputeLimit = 200, MemoryLimit = 200 },
            RestJson.Default.PoolView
        );
        await pool.ClaimAsync(new ClaimRequest());
        await pool.ClaimAsync(new ClaimRequest());
        Assert.Equal("no-room", (await Refused(pool, new ClaimRequest { Compute = 1 })).Code);
    }

    internal static async Task<PoolException> Refused(
        TestPool pool,
        ClaimRequest claim,
        ControllerClient? client = null
    ) => await Assert.ThrowsAsync<PoolException>(() => pool.ClaimAsync(claim, client));

    // So many claims wait: a request that was sent may not have arrived.
    private static Task WaitAsync(TestPool pool, int claims) =>
        Until(async () => (await pool.Client.GetAsync("v1/queue", RestJson.Default.QueueView)).Waiting.Count == claims);

    internal static async Task Until(Func<Task<bool>> condition)
    {
        for (int tries = 0; tries < 3000; tries++)
        {
            if (await condition())
            {
                return;
            }
            await Task.Delay(20);
        }
        Assert.Fail("it did not come true within a minute");
    }
}
