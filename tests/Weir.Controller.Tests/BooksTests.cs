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
            if (books.MustBeMadeAnew)
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
                state.Leases.Count,
                books.Entries.Count(entry => entry.Lease is not null && state.Leases.ContainsKey(entry.Lease.Id))
            );
        }
    }
}
