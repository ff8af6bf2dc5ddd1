using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;
using Weir.Cli.Pool;
using Weir.Controller.Tests.Support;
using Weir.Protocol.Rest;

namespace Weir.Controller.Tests;

/// <summary>SIGKILL at random moments: no granted lease is lost, nothing is granted twice.</summary>
public class KillTests
{
    private const int Rounds = 5;
    private const int Seed = 20261121;

    [Fact]
    public async Task A_killed_controller_loses_no_grant_and_grants_nothing_twice()
    {
        using var folder = new TestFolder();
        int port = ControllerProcess.FreePort();
        var random = new Random(Seed);
        var controller = await ControllerProcess.StartAsync(folder, port);
        List<FakeAgent> agents = [];
        ConcurrentDictionary<string, LeaseView> granted = new();
        try
        {
            for (int i = 0; i < 3; i++)
            {
                var token = await controller.Client.PostAsync(
                    "v1/tokens",
                    new TokenRequest("join", null, null),
                    RestJson.Default.TokenRequest,
                    RestJson.Default.TokenView
                );
                var agent = await FakeAgent.JoinAsync(controller.Address, controller.Fingerprint, token.Token, $"n{i}");
                agent.AddDevices(4, 8L << 30, "Model A");
                agents.Add(agent);
            }
            int told = 0;
            Granted counter = new();
            for (int round = 0; round < Rounds; round++)
            {
                foreach (var agent in agents)
                {
                    await agent.ConnectAsync();
                    Assert.Null(agent.Refusal);
                }
                using var stop = new CancellationTokenSource();
                var users = Enumerable
                    .Range(0, 8)
                    .Select(user =>
                        UseAsync(controller.Client, granted, new Random(Seed + round * 100 + user), counter, stop.Token)
                    )
                    .ToArray();
                // On a busy machine the first answers take their time.
                int least = counter.Count + 2;
                await LeaseTests.Until(() => Task.FromResult(counter.Count >= least));
                await Task.Delay(random.Next(900), TestContext.Current.CancellationToken);
                controller.Kill();
                await stop.CancelAsync();
                told += (await Task.WhenAll(users)).Sum();
                foreach (var agent in agents)
                {
                    await agent.DisconnectAsync();
                }
                controller.Dispose();
                CheckStore(folder.At("weir.db"), granted);
                controller = await ControllerProcess.StartAsync(folder, port);
                var known = await controller.Client.GetAsync("v1/leases", RestJson.Default.LeaseViewArray);
                foreach (var lease in granted.Values)
                {
                    var found = Assert.Single(known, one => one.Id == lease.Id);
                    Assert.Equal(lease.Devices, found.Devices);
                }
                Assert.All(agents, agent => Assert.Empty(agent.Overruns));
            }
            Assert.True(told > Rounds, $"only {told} leases were granted");
            foreach (var agent in agents)
            {
                await agent.ConnectAsync();
                var here = granted
                    .Values.Where(lease => lease.Devices.Any(slice => slice.Node == agent.Name))
                    .Select(lease => lease.Id);
                Assert.Empty(here.Except(agent.Leases.Keys));
            }
        }
        finally
        {
            foreach (var agent in agents)
            {
                await agent.DisposeAsync();
            }
            controller.Dispose();
        }
    }

    // Claims and ends; a lease counts as granted from its answer until its end is asked for.
    private static async Task<int> UseAsync(
        ControllerClient client,
        ConcurrentDictionary<string, LeaseView> granted,
        Random random,
        Granted counter,
        CancellationToken stop
    )
    {
        int told = 0;
        try
        {
            while (!stop.IsCancellationRequested)
            {
                if (random.Next(3) > 0)
                {
                    try
                    {
                        var grant = await client.PostAsync(
                            "v1/leases",
                            new ClaimRequest { Count = random.Next(1, 3), Compute = random.Next(1, 11) * 10 },
                            RestJson.Default.ClaimRequest,
                            RestJson.Default.GrantView
                        );
                        granted[grant.Lease.Id] = grant.Lease;
                        told++;
                        counter.Add();
                    }
                    catch (PoolException full) when (full.Code == "no-room")
                    {
                        await Task.Delay(5, stop);
                    }
                }
                else if (
                    granted.Keys.OrderBy(_ => random.Next()).FirstOrDefault() is { } id
                    && granted.TryRemove(id, out _)
                )
                {
                    await client.DeleteAsync($"v1/leases/{id}", RestJson.Default.LeaseView);
                }
            }
        }
        catch (Exception gone)
            when (gone is PoolException or OperationCanceledException or HttpRequestException or IOException)
        {
            // The controller was killed in the middle of it: what it did not answer may or may not have happened.
        }
        return told;
    }

    private sealed class Granted
    {
        private int _count;

        public int Count => Volatile.Read(ref _count);

        public void Add() => Interlocked.Increment(ref _count);
    }

    private static void CheckStore(string path, ConcurrentDictionary<string, LeaseView> granted)
    {
        using var store = new SqliteConnection($"Data Source={path};Pooling=False");
        store.Open();
        using var command = store.CreateCommand();
        command.CommandText = "SELECT id, slices FROM leases WHERE ended IS NULL";
        HashSet<string> active = [];
        Dictionary<string, int> compute = [];
        using (var row = command.ExecuteReader())
        {
            while (row.Read())
            {
                active.Add(row.GetString(0));
                foreach (
                    var slice in System.Text.Json.JsonSerializer.Deserialize(
                        row.GetString(1),
                        Store.StoreJson.Default.SliceViewArray
                    )!
                )
                {
                    compute[slice.Uuid] = compute.GetValueOrDefault(slice.Uuid) + slice.Compute;
                }
            }
        }
        Assert.Empty(granted.Keys.Except(active));
        Assert.All(compute, device => Assert.InRange(device.Value, 0, 100));
    }
}
