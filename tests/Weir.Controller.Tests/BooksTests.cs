using Weir.Cli.Pool;
using Weir.Controller.Tests.Support;
using Weir.Protocol.Agents;
using Weir.Protocol.Rest;
using Weir.Scheduling.Cluster;

namespace Weir.Controller.Tests;

/// <summary>The scheduling library's books and the controller's own state say the same, whatever happens.</summary>
public class BooksTests
{
    private const int Steps = 250;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Both_books_agree_through_a_random_history(int seed)
    {
        await using var pool = await TestPool.StartAsync();
        var random = new Random(seed);
        List<FakeAgent> agents = [];
        for (int i = 0; i < 3; i++)
        {
            agents.Add(await pool.NodeAsync($"n{i}", devices: 1 + i, memory: (8L + 8 * i) << 30, model: $"Model {i}"));
        }
        await SchedulingTests.Project(pool, new ProjectView { Name = "lab", ComputeQuota = 200 });
        List<string> granted = [];
        List<string> workloads = [];
        for (int step = 0; step < Steps; step++)
        {
            switch (random.Next(12))
            {
                case < 4:
                    await ClaimAsync(pool, random, granted);
                    break;
                case < 7 when granted.Count > 0:
                    string lease = granted[random.Next(granted.Count)];
                    granted.Remove(lease);
                    await pool.EndAsync(lease);
                    break;
                case 7:
                    workloads.Add(
                        (
                            await pool.SubmitAsync(
                                SchedulingTests.Job(random.Next(2) == 0 ? "default" : "lab") with
                                {
                                    Requeue = random.Next(2) == 0,
                                    ProcessorsMilli = random.Next(3) * 2000,
                                }
                            )
                        ).Id
                    );
                    break;
                case 8 when workloads.Count > 0:
                    await pool.Client.DeleteAsync(
                        $"v1/workloads/{workloads[random.Next(workloads.Count)]}",
                        RestJson.Default.WorkloadViewArray
                    );
                    break;
                case 9:
                    var device = (await pool.DevicesAsync())[random.Next(6)];
                    string what = random.Next(2) == 0 ? "cordon" : "uncordon";
                    await pool.Client.DoAsync<DrainRequest>(
                        HttpMethod.Post,
                        $"v1/devices/{device.Uuid}/{what}",
                        null,
                        null
                    );
                    break;
                case 10:
                    await pool.Client.PutAsync(
                        "v1/pools/default",
                        new PoolView
                        {
                            ComputeLimit = 100 + 70 * random.Next(3),
                            MemoryLimit = 100 + 100 * random.Next(2),
                        },
                        RestJson.Default.PoolView
                    );
                    break;
                case 11:
                    // What the agent refuses is taken back.
                    var agent = agents[random.Next(agents.Count)];
                    if (agent.Leases.Values.FirstOrDefault() is { } held)
                    {
                        granted.Remove(held.Lease);
                        await agent.SayAsync(
                            new AgentMessage
                            {
                                GrantRefused = new GrantRefused
                                {
                                    Lease = held.Lease,
                                    Epoch = held.Epoch,
                                    Reason = "a random history",
                                },
                            }
                        );
                        await agent.ExpectAsync(message => message.Revoke?.Lease == held.Lease);
                    }
                    break;
            }
            Check(pool);
        }
    }

    [Theory]
    [InlineData(3)]
    [InlineData(4)]
    public async Task Both_books_agree_while_leases_are_parked_for_others_and_come_back(int seed)
    {
        await using var pool = await TestPool.StartAsync();
        var random = new Random(seed);
        // Streams answer on threads of their own.
        var answers = new Random(seed);
        Dictionary<string, FakeAgent> agents = [];
        foreach (string name in (string[])["n0", "n1"])
        {
            agents.Add(name, await pool.NodeAsync(name, devices: 2));
            agents[name].Yields = _ =>
            {
                lock (answers)
                {
                    return answers.Next(4) == 0 ? "not now" : "";
                }
            };
        }
        await SchedulingTests.Project(
            pool,
            new ProjectView
            {
                Name = "lab",
                ComputeQuota = 200,
                Weight = 1,
            }
        );
        List<Task> claims = [];
        for (int step = 0; step < Steps / 2; step++)
        {
            var leases = await pool.LeasesAsync();
            switch (random.Next(8))
            {
                case < 3 when claims.Count(claim => !claim.IsCompleted) < 6:
                    claims.Add(ClaimAndOpenAsync(pool, agents, random));
                    break;
                case < 5 when leases.Length > 0:
                    await pool.EndAsync(leases[random.Next(leases.Length)].Id);
                    break;
                case 5 when leases.FirstOrDefault(lease => lease.State == "parked") is { } parked:
                    await SayAsync(agents, parked, Protocol.Agents.SessionState.SessionWaiting);
                    await agents[parked.Devices[0].Node]
                        .SayAsync(
                            new AgentMessage
                            {
                                Want = new LeaseWant { Lease = parked.Id, Epoch = parked.Epoch },
                            }
                        );
                    break;
                case 6:
                    // Prices and obstacles are looked at as time passes.
                    await Task.Delay(random.Next(300), TestContext.Current.CancellationToken);
                    break;
                case 7 when random.Next(4) == 0:
                    var agent = agents[$"n{random.Next(2)}"];
                    await agent.DisconnectAsync();
                    await agent.ConnectAsync();
                    break;
            }
            Check(pool);
        }
        foreach (var left in await pool.LeasesAsync())
        {
            await pool.EndAsync(left.Id);
        }
        // Whoever still waits is served, again and again, until nobody does.
        await LeaseTests.Until(async () =>
        {
            foreach (var left in await pool.LeasesAsync())
            {
                await pool.EndAsync(left.Id);
            }
            return claims.All(claim => claim.IsCompleted);
        });
        await Task.WhenAll(claims);
        Check(pool);
        Assert.All(agents.Values, agent => Assert.Empty(agent.Overruns));
    }

    private static async Task ClaimAndOpenAsync(TestPool pool, Dictionary<string, FakeAgent> agents, Random random)
    {
        var claim = new ClaimRequest
        {
            Count = random.Next(4) == 0 ? 2 : 1,
            Compute = 25 * random.Next(1, 5),
            Priority = random.Next(3),
            Project = random.Next(2) == 0 ? "default" : "lab",
            WaitMs = random.Next(2) == 0 ? 3_600_000 : 0,
        };
        try
        {
            await SayAsync(agents, (await pool.ClaimAsync(claim)).Lease, Protocol.Agents.SessionState.SessionOpen);
        }
        catch (PoolException refused) when (refused.Code is "no-room" or "quota" or "impossible")
        {
            // As it should be in a full pool.
        }
    }

    private static async Task SayAsync(
        Dictionary<string, FakeAgent> agents,
        LeaseView lease,
        Protocol.Agents.SessionState state
    )
    {
        foreach (string node in lease.Devices.Select(slice => slice.Node).Distinct())
        {
            try
            {
                await agents[node]
                    .SayAsync(
                        new AgentMessage
                        {
                            Session = new SessionReport
                            {
                                Session = $"s-{lease.Id}",
                                Lease = lease.Id,
                                Epoch = lease.Epoch,
                                State = state,
                            },
                        }
                    );
            }
            catch (Exception error) when (error is IOException or OperationCanceledException or ObjectDisposedException)
            {
                // Its stream is being opened anew: the session was never heard of.
            }
        }
    }

    private static async Task ClaimAsync(TestPool pool, Random random, List<string> granted)
    {
        try
        {
            var grant = await pool.ClaimAsync(
                new ClaimRequest
                {
                    Count = random.Next(1, 4),
                    Compute = random.Next(1, 101),
                    MemoryBytes = random.Next(3) == 0 ? random.NextInt64(1, 9L << 30) : null,
                    Model = random.Next(5) == 0 ? $"model {random.Next(3)}" : null,
                    Node = random.Next(5) == 0 ? $"n{random.Next(3)}" : null,
                    Project = random.Next(2) == 0 ? "default" : "lab",
                }
            );
            granted.Add(grant.Lease.Id);
        }
        catch (PoolException refused) when (refused.Code is "no-room" or "impossible" or "quota")
        {
            // As it should be in a full pool.
        }
    }

    private static void Check(TestPool pool)
    {
        var state = pool.Host.State;
        lock (state.Gate)
        {
            var books = pool.Host.Books;
            // What leaves its devices for others is in the one book no more and in the other still.
            if (books.MustBeMadeAnew || state.Leases.Values.Any(lease => lease.Yielding is not null))
            {
                return;
            }
            var cluster = books.Pool.Cluster;
            Assert.Null(ClusterAudit.Find(cluster));
            foreach (var device in state.Devices.Values)
            {
                var view = state.Pools[device.Pool];
                Assert.True(device.ComputeGranted >= 0 && device.MemoryGranted >= 0);
                if (books.Layout.Find(device.Uuid) is not { } place || !books.Layout.Describes(state))
                {
                    continue;
                }
                int free = cluster.DevicesFree(place.Node)[place.Device];
                int expected =
                    cluster.Node(place.Node).DeviceMilli - books.Layout.Milli(device.Pool, device.ComputeGranted);
                // What was promised under a higher limit is there all the same; then nothing is free.
                Assert.True(
                    free == Math.Max(0, expected),
                    $"{device.Uuid}: {free} free in the library's books, {expected} in the state ({device.ComputeGranted} of {view.ComputeLimit} %)"
                );
            }
            Assert.Equal(
                state.Leases.Values.Count(lease => !lease.Released || lease.WantedSince is not null),
                books.Entries.Count(entry => entry.Lease is not null && state.Leases.ContainsKey(entry.Lease.Id))
            );
        }
    }
}
