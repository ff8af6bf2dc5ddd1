using Weir.Cli.Pool;
using Weir.Controller.Serving;
using Weir.Controller.State;
using Weir.Controller.Store;
using Weir.Controller.Tests.Support;
using Weir.Protocol.Rest;

namespace Weir.Controller.Tests;

/// <summary>Full disks, damaged files, clocks, backups.</summary>
public class StoreTests
{
    [Fact]
    public async Task A_full_disk_grants_nothing_loses_nothing_and_heals_by_itself()
    {
        using var folder = new TestFolder();
        string path = folder.At("weir.db");
        int pages;
        await using (var first = await TestPool.StartAsync(folder))
        {
            await first.NodeAsync("n1", devices: 64);
        }
        pages = (int)(new FileInfo(path).Length / 4096) + 4;

        List<string> granted = [];
        await using (var full = await TestPool.StartAsync(folder, new SqliteDatabase(path, pages)))
        {
            await full.NodeAsync("n2", devices: 64);
            PoolException? refused = null;
            for (int i = 0; i < 200 && refused is null; i++)
            {
                try
                {
                    granted.Add((await full.ClaimAsync(new ClaimRequest { Program = new string('x', 900) })).Lease.Id);
                }
                catch (PoolException error)
                {
                    refused = error;
                }
            }
            Assert.Equal("store", refused!.Code);
            Assert.Contains("free some space", refused.Message);
            // Ending works in memory and is written when there is room; what was refused holds nothing.
            Assert.Equal(granted.Count, (await full.LeasesAsync()).Length);
            Assert.Equal(granted.Count * 100, (await full.DevicesAsync()).Sum(device => device.ComputeGranted));
        }
        await using var after = await TestPool.StartAsync(folder);
        Assert.Equal(granted.Order(), (await after.LeasesAsync()).Select(lease => lease.Id).Order());
        await after.NodeAsync("n3");
        await after.ClaimAsync(new ClaimRequest { Node = "n3" });
    }

    [Fact]
    public async Task A_store_of_the_release_before_is_taken_over_with_its_leases_and_queue()
    {
        using var folder = new TestFolder();
        string path = folder.At("weir.db");
        const string credential = "weirn1.n1.secret";
        using (var old = new SqliteDatabase(path).Open())
        {
            Migrations.Apply(old, path, last: 1);
            using var command = old.CreateCommand();
            // With its node: a lease whose node nobody knows is ended at the first look.
            command.CommandText = $$$"""
                INSERT INTO nodes VALUES ('n1', '{{{Identifiers.Hash(
                    credential
                )}}}', 'n1:1', '', '', '', '0.1.0', 8, 1, 'ready', 1);
                INSERT INTO pools VALUES ('default', '{"name":"default","computeLimit":100,"memoryLimit":100,"graceMs":30000}');
                INSERT INTO projects VALUES ('default', '{"name":"default","members":["*"],"computeQuota":100}');
                INSERT INTO nodes VALUES ('n0', '00', 'vm:1', '', '', '', '', 1, 1, 'ready', 1);
                INSERT INTO leases (id, epoch, secret_hash, project, user_name, pool, priority, grace, slices, granted)
                VALUES ('l-old', 1, '00', 'default', 'root', 'default', 0, 30000, '[{"node":"n0","uuid":"GPU-x","ordinal":0,"compute":40,"memory":1048576}]', 1);
                INSERT INTO workloads (id, state, project, user_name, request, attempt, submitted, output)
                VALUES ('w-old', 'queued', 'default', 'root', '{"command":["true"],"claim":{"compute":70}}', 0, 1, 0);
                """;
            command.ExecuteNonQuery();
        }
        await using var pool = await TestPool.StartAsync(folder);
        Assert.Equal("l-old", Assert.Single(await pool.LeasesAsync()).Id);
        var project = Assert.Single(await pool.Client.GetAsync("v1/projects", RestJson.Default.ProjectViewArray));
        Assert.Equal((100, 40), (project.ComputeQuota, project.ComputeGranted));
        // Its quota is what it was: all that it may have.
        var identity = pool.Host.Identity;
        await using var agent = new FakeAgent(identity.Address, identity.Fingerprint, credential, "n1");
        agent.AddDevices(2, 8L << 30, "Model A");
        await agent.ConnectAsync();
        Assert.Equal("quota", (await LeaseTests.Refused(pool, new ClaimRequest { Compute = 61 })).Code);
        await pool.EndAsync("l-old");
        await LeaseTests.Until(async () => (await pool.WorkloadAsync("w-old")).State == "starting");
        Assert.Empty((await pool.Client.GetAsync("v1/queue", RestJson.Default.QueueView)).Waiting);
    }

    [Fact]
    public async Task A_damaged_store_is_refused_and_recovered_from_a_backup()
    {
        using var folder = new TestFolder();
        string path = folder.At("weir.db");
        string lease;
        await using (var pool = await TestPool.StartAsync(folder))
        {
            await pool.NodeAsync("n1");
            lease = (await pool.ClaimAsync(new ClaimRequest())).Lease.Id;
            await pool.Client.DoAsync(
                HttpMethod.Post,
                "v1/backup",
                new BackupRequest(folder.At("backup.db")),
                RestJson.Default.BackupRequest
            );
        }
        await File.WriteAllBytesAsync(path, new byte[40_960], TestContext.Current.CancellationToken);

        var (exitCode, _, errors) = await ControllerProcess.RunAsync(
            "serve",
            "--state",
            folder.Path,
            "--socket",
            folder.At("c.sock")
        );
        Assert.Equal(3, exitCode);
        Assert.Contains("is damaged", errors);
        Assert.Contains("weir recover", errors);

        (exitCode, string output, _) = await ControllerProcess.RunAsync(
            "recover",
            "--state",
            folder.Path,
            "--from",
            folder.At("backup.db")
        );
        Assert.Equal(0, exitCode);
        Assert.Contains(".damaged-", output);
        await using var again = await TestPool.StartAsync(folder);
        Assert.Equal(lease, Assert.Single(await again.LeasesAsync()).Id);
    }

    [Fact]
    public async Task What_a_damaged_store_still_gives_is_saved()
    {
        using var folder = new TestFolder();
        string path = folder.At("weir.db");
        HashSet<string> granted = [];
        await using (var pool = await TestPool.StartAsync(folder))
        {
            await pool.NodeAsync("n1", devices: 40);
            for (int i = 0; i < 40; i++)
            {
                granted.Add((await pool.ClaimAsync(new ClaimRequest { Program = new string('p', 700) })).Lease.Id);
            }
        }
        // One page in the middle of the leases.
        byte[] bytes = await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken);
        int hit = FindPage(bytes, "pppp");
        Array.Fill(bytes, (byte)0xEE, hit * 4096, 4096);
        await File.WriteAllBytesAsync(path, bytes, TestContext.Current.CancellationToken);

        var (exitCode, output, errors) = await ControllerProcess.RunAsync("recover", "--state", folder.Path);
        Assert.True(exitCode == 0, errors);
        Assert.Contains("could not be read whole: leases", output);
        await using var again = await TestPool.StartAsync(folder);
        var found = (await again.LeasesAsync()).Select(lease => lease.Id).ToHashSet();
        Assert.NotEmpty(found);
        Assert.Subset(granted, found);
    }

    [Fact]
    public async Task A_second_controller_is_refused()
    {
        await using var pool = await TestPool.StartAsync();
        var refused = await Assert.ThrowsAsync<StoreException>(() => TestPool.StartAsync(pool.Folder));
        Assert.Contains("in use by another controller", refused.Message);
    }

    [Fact]
    public async Task A_newer_store_is_refused()
    {
        using var folder = new TestFolder();
        await using (await TestPool.StartAsync(folder)) { }
        using (var connection = new SqliteDatabase(folder.At("weir.db")).Open())
        using (var command = connection.CreateCommand())
        {
            command.CommandText = "INSERT INTO schema_steps VALUES (99, 0)";
            command.ExecuteNonQuery();
        }
        var refused = await Assert.ThrowsAsync<StoreException>(() => TestPool.StartAsync(folder));
        Assert.Contains("newer release", refused.Message);
    }

    [Fact]
    public async Task A_clock_that_is_set_while_it_runs_ends_nothing()
    {
        var clock = new SetClock();
        await using var pool = await TestPool.StartAsync(time: clock);
        await pool.NodeAsync("n1");
        var grant = await pool.ClaimAsync(new ClaimRequest { LifeMs = 3_600_000 });
        using var user = await pool.UserAsync("ann", lifeMs: 3_600_000);
        clock.By = TimeSpan.FromDays(400);
        await LeaseTests.Until(async () =>
            (await pool.Client.GetAsync("v1/audit", RestJson.Default.AuditViewArray)).Any(line =>
                line.Action == "clock.set"
            )
        );
        Assert.Equal(grant.Lease.Id, Assert.Single(await pool.LeasesAsync()).Id);
        Assert.Equal("ann", (await user.GetAsync("v1/status", RestJson.Default.StatusView)).User);
    }

    [Fact]
    public async Task A_clock_before_the_store_s_last_entry_is_refused_unless_it_is_accepted()
    {
        using var folder = new TestFolder();
        var future = new SetClock { By = TimeSpan.FromDays(2) };
        await using (await TestPool.StartAsync(folder, time: future))
        {
            using var connection = new SqliteDatabase(folder.At("weir.db")).Open();
            using var command = connection.CreateCommand();
            command.CommandText = "SELECT count(*) FROM meta WHERE name = 'clock'";
            await LeaseTests.Until(() => Task.FromResult(Convert.ToInt64(command.ExecuteScalar()) == 1));
        }
        var refused = await Assert.ThrowsAsync<StoreException>(() => TestPool.StartAsync(folder));
        Assert.Contains("--accept-clock", refused.Message);
        await using var host = await ControllerHost.StartAsync(TestPool.Options(folder) with { AcceptClock = true });
    }

    [Fact]
    public async Task Many_grants_share_commits()
    {
        await using var pool = await TestPool.StartAsync();
        await pool.NodeAsync("n1", devices: 100);
        long before = pool.Host.Commits.Commits;
        await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => pool.ClaimAsync(new ClaimRequest())));
        Assert.True(pool.Host.Commits.Commits - before < 100);
        Assert.Equal(100, (await pool.LeasesAsync()).Length);
    }

    private static int FindPage(byte[] bytes, string text)
    {
        byte[] wanted = System.Text.Encoding.UTF8.GetBytes(text);
        List<int> pages = [];
        for (int page = 2; page < bytes.Length / 4096; page++)
        {
            // Leaf pages of a table begin with 13.
            if (bytes[page * 4096] == 13 && bytes.AsSpan(page * 4096, 4096).IndexOf(wanted) >= 0)
            {
                pages.Add(page);
            }
        }
        return pages[pages.Count / 2];
    }
}
