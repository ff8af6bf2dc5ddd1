using Weir.Controller.Store;
using Weir.Controller.Tests.Support;
using Weir.Protocol.Rest;

namespace Weir.Controller.Tests;

/// <summary>The same on a real PostgreSQL, which the test starts for itself.</summary>
public class PostgresTests
{
    [Fact]
    public async Task Grants_survive_a_restart_and_a_backup_is_restored()
    {
        using var server = PostgresServer.Start();
        using var folder = new TestFolder();
        using var other = new TestFolder();
        string text = server.ConnectionString("weir");
        string lease;
        await using (var pool = await TestPool.StartAsync(folder, Database.Of(text)))
        {
            await pool.NodeAsync("n1");
            lease = (await pool.ClaimAsync(new ClaimRequest { Compute = 50 })).Lease.Id;
            string ended = (await pool.ClaimAsync(new ClaimRequest { Compute = 50 })).Lease.Id;
            await pool.EndAsync(ended);
            await pool.SubmitAsync(new WorkloadRequest { Command = ["true"], RunOn = "n1" });
            await SchedulingTests.Project(pool, new ProjectView { Name = "lab", ComputeQuota = 50 });
            await SchedulingTests.Project(pool, new ProjectView { Name = "vision", Parent = "lab" });
            await pool.Client.PutAsync(
                "v1/calendars/night",
                new CalendarView
                {
                    Project = "vision",
                    From = "22:00",
                    To = "06:00",
                    Weight = 2,
                },
                RestJson.Default.CalendarView
            );
            Assert.Equal(2, (await pool.LeasesAsync(all: true)).Length);
            var second = await Assert.ThrowsAsync<StoreException>(() => TestPool.StartAsync(other, Database.Of(text)));
            Assert.Contains("in use by another controller", second.Message);
            await pool.Client.DoAsync(
                HttpMethod.Post,
                "v1/backup",
                new BackupRequest(folder.At("backup.jsonl")),
                RestJson.Default.BackupRequest
            );
        }
        await using (var again = await TestPool.StartAsync(folder, Database.Of(text)))
        {
            Assert.Equal(lease, Assert.Single(await again.LeasesAsync()).Id);
            Assert.Contains((await SchedulingTests.Explain(again, lease)).Events, one => one.Kind == "start");
            var past = await again.Client.GetAsync("v1/history", RestJson.Default.HistoryView);
            Assert.Equal(2, past.Claims.Count);
            Assert.Equal("lab", past.Projects.Single(project => project.Name == "vision").Parent);
        }
        string empty = server.ConnectionString("other");
        Recovery.Run(folder.Path, empty, folder.At("backup.jsonl"));
        await using var restored = await TestPool.StartAsync(folder, Database.Of(empty));
        Assert.Equal(lease, Assert.Single(await restored.LeasesAsync()).Id);
        Assert.Equal(2, (await restored.Client.GetAsync("v1/history", RestJson.Default.HistoryView)).Claims.Count);
        Assert.Equal(
            "night",
            Assert.Single(await restored.Client.GetAsync("v1/calendars", RestJson.Default.CalendarViewArray)).Name
        );
    }

    [Fact]
    public async Task A_server_that_goes_away_grants_nothing_until_it_is_back()
    {
        using var server = PostgresServer.Start();
        using var folder = new TestFolder();
        await using var pool = await TestPool.StartAsync(folder, Database.Of(server.ConnectionString("weir")));
        await pool.NodeAsync("n1");
        server.Stop();
        var refused = await LeaseTests.Refused(pool, new ClaimRequest { Compute = 10 });
        Assert.Equal("store", refused.Code);
        Assert.Empty(await pool.LeasesAsync());
        server.Restart();
        await LeaseTests.Until(async () =>
        {
            try
            {
                await pool.ClaimAsync(new ClaimRequest { Compute = 10 });
                return true;
            }
            catch (Weir.Cli.Pool.PoolException)
            {
                return false;
            }
        });
    }

    [Fact]
    public async Task A_wrong_connection_string_says_so()
    {
        using var folder = new TestFolder();
        var refused = await Assert.ThrowsAsync<StoreException>(() =>
            TestPool.StartAsync(folder, Database.Of("Host=127.0.0.1;Port=1;Database=weir;Username=x"))
        );
        Assert.Contains("cannot be reached", refused.Message);
        Assert.Throws<StoreException>(() => Database.Of("Host=x;Bogus=1"));
    }
}
