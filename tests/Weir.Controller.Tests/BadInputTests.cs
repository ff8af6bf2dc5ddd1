using System.Net;
using Weir.Cli.Pool;
using Weir.Cli.Pool.Jobs;
using Weir.Controller.Tests.Support;
using Weir.Protocol.Agents;
using Weir.Protocol.Grpc;
using Weir.Protocol.Rest;

namespace Weir.Controller.Tests;

/// <summary>What is refused, and whether the refusal says what to do.</summary>
public class BadInputTests
{
    private const long GiB = 1L << 30;

    [Fact]
    public async Task Unknown_names_are_told_with_what_there_is()
    {
        await using var pool = await TestPool.StartAsync();
        await pool.NodeAsync("n1");
        await Says(pool, new ClaimRequest { Pool = "gpus" }, "unknown-pool", "there are: default");
        await Says(pool, new ClaimRequest { Template = "big" }, "unknown-template", "no template \"big\"");
        await Says(pool, new ClaimRequest { Node = "n9" }, "unknown-node", "weir nodes");
        await Says(pool, new ClaimRequest { Project = "x" }, "unknown-project", "you can use: default");
    }

    [Fact]
    public async Task Impossible_shapes_are_refused_at_once_even_when_the_caller_would_wait()
    {
        await using var pool = await TestPool.StartAsync();
        await pool.NodeAsync("n1", devices: 2);
        await Says(pool, new ClaimRequest { Count = 3, WaitMs = 60_000 }, "impossible", "2 are suitable");
        await Says(
            pool,
            new ClaimRequest { MemoryBytes = 9 * GiB, WaitMs = 60_000 },
            "impossible",
            "largest device has 8192 MiB"
        );
        await Says(pool, new ClaimRequest { Model = "H100" }, "impossible", "weir devices");
        await Says(pool, new ClaimRequest { Compute = 101 }, "invalid", "1 to 100");
        await Says(pool, new ClaimRequest { Count = 0 }, "invalid", "1 to 1024");
        await Says(pool, new ClaimRequest { MemoryBytes = -1 }, "invalid", "--mem");
        await Says(pool, new ClaimRequest { Count = int.MaxValue }, "invalid", "1 to 1024");
        await Says(pool, new ClaimRequest { Count = 1024 }, "impossible", "2 are suitable");
        await Says(
            pool,
            new ClaimRequest { Count = 2, MemoryBytes = long.MaxValue },
            "impossible",
            "largest device has 8192 MiB"
        );
        await Says(pool, new ClaimRequest { Priority = int.MinValue }, "invalid", "out of range");
    }

    [Theory]
    [InlineData("""{"computeQuota":-1}""", "below 0")]
    [InlineData("""{"computeLimit":-1}""", "below 0")]
    [InlineData("""{"weight":-0.5}""", "out of range")]
    [InlineData("""{"computeQuota":200,"computeLimit":100}""", "beyond its limit")]
    [InlineData("""{"parent":"defalt"}""", "did you mean 'default'?")]
    [InlineData("""{"parent":"lab"}""", "among its own ancestors")]
    public async Task Senseless_projects_are_refused(string body, string says)
    {
        await using var pool = await TestPool.StartAsync();
        var project = System.Text.Json.JsonSerializer.Deserialize(body, RestJson.Default.ProjectView)!;
        var refused = await Assert.ThrowsAsync<PoolException>(() =>
            pool.Client.PutAsync("v1/projects/lab", project, RestJson.Default.ProjectView)
        );
        Assert.Equal("invalid", refused.Code);
        Assert.Contains(says, refused.Message);
        Assert.Single(await pool.Client.GetAsync("v1/projects", RestJson.Default.ProjectViewArray));
    }

    [Fact]
    public async Task A_quota_holds_whatever_the_pool_has()
    {
        await using var pool = await TestPool.StartAsync();
        await pool.NodeAsync("n1", devices: 4);
        await pool.Client.PutAsync(
            "v1/projects/default",
            new ProjectView
            {
                Members = ["*"],
                ComputeQuota = 150,
                MemoryQuota = 100 * GiB,
            },
            RestJson.Default.ProjectView
        );
        await Says(pool, new ClaimRequest { Count = 2, WaitMs = 60_000 }, "quota", "may have 1.5 devices");
        await pool.ClaimAsync(new ClaimRequest());
        await Says(pool, new ClaimRequest(), "quota", "has 1 and asks for 1 more");
        await pool.ClaimAsync(new ClaimRequest { Compute = 50 });
    }

    [Fact]
    public async Task Templates_give_defaults_and_caps()
    {
        await using var pool = await TestPool.StartAsync();
        await pool.NodeAsync("n1");
        await pool.Client.PutAsync(
            "v1/templates/small",
            new TemplateView
            {
                Compute = 25,
                MaxCompute = 50,
                MaxCount = 1,
            },
            RestJson.Default.TemplateView
        );
        Assert.Equal(25, (await pool.ClaimAsync(new ClaimRequest { Template = "small" })).Lease.Devices[0].Compute);
        await Says(pool, new ClaimRequest { Template = "small", Compute = 60 }, "capped", "at most 50 %");
    }

    [Fact]
    public async Task Forged_expired_and_revoked_tokens_are_refused()
    {
        await using var pool = await TestPool.StartAsync();
        string address = pool.Host.Identity.Address;
        string forged = $"weiru1.{pool.Host.Identity.Fingerprint}.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
        await TokenSays(address, forged, "not known here");

        var brief = await pool.TokenAsync("user", "ann", lifeMs: 1);
        await Task.Delay(20, TestContext.Current.CancellationToken);
        await TokenSays(address, brief.Token, "expired");

        var revoked = await pool.TokenAsync("user", "ann");
        await pool.Client.DoAsync<BackupRequest>(HttpMethod.Delete, $"v1/tokens/{revoked.Id}", null, null);
        await TokenSays(address, revoked.Token, "revoked");

        var join = await pool.TokenAsync("join");
        Assert.Contains(
            "not a token of the form",
            Assert.Throws<PoolException>(() => new ControllerClient(new Login(address, join.Token))).Message
        );
        await TokenSays(
            address,
            forged.Replace(pool.Host.Identity.Fingerprint[..4], "0000", StringComparison.Ordinal),
            "another certificate"
        );
    }

    [Fact]
    public async Task Nothing_is_answered_without_a_token()
    {
        await using var pool = await TestPool.StartAsync();
        using var handler = new HttpClientHandler { ServerCertificateCustomValidationCallback = (_, _, _, _) => true };
        using var http = new HttpClient(handler);
        foreach (string path in (string[])["v1/leases", "v1/status", "v1/devices", "v1/audit", "v1/workloads"])
        {
            using var answer = await http.GetAsync(
                $"https://{pool.Host.Identity.Address}/{path}",
                TestContext.Current.CancellationToken
            );
            Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        }
    }

    [Fact]
    public async Task Wrong_join_tokens_and_taken_names_are_refused()
    {
        await using var pool = await TestPool.StartAsync();
        await pool.NodeAsync("n1");
        var user = await pool.TokenAsync("user");
        var wrongKind = await Assert.ThrowsAsync<GrpcException>(() => FakeAgent.JoinAsync(pool.Host, user.Token, "n2"));
        Assert.Equal(GrpcStatus.Unauthenticated, wrongKind.Status);
        var join = await pool.TokenAsync("join");
        var taken = await Assert.ThrowsAsync<GrpcException>(() => FakeAgent.JoinAsync(pool.Host, join.Token, "n1"));
        Assert.Contains("weir nodes remove", taken.Message);
        var bad = await Assert.ThrowsAsync<GrpcException>(() => FakeAgent.JoinAsync(pool.Host, join.Token, "../n"));
        Assert.Equal(GrpcStatus.InvalidArgument, bad.Status);
    }

    [Fact]
    public async Task Another_protocol_version_is_refused_with_both_versions()
    {
        await using var pool = await TestPool.StartAsync();
        var agent = await FakeAgent.JoinAsync(pool.Host, (await pool.TokenAsync("join")).Token, "n1");
        agent.Version = new Protocol.Agents.Version { Major = 9, Release = "9.9.9" };
        await agent.ConnectAsync();
        var refused = Assert.IsType<GrpcException>(agent.Refusal);
        Assert.Equal(GrpcStatus.FailedPrecondition, refused.Status);
        Assert.Contains("version 9.0", refused.Message);
        Assert.Contains("1.0", refused.Message);
        await agent.DisposeAsync();
    }

    [Fact]
    public async Task A_node_that_lies_about_its_devices_is_refused()
    {
        await using var pool = await TestPool.StartAsync();
        var honest = await pool.NodeAsync("n1");
        var grant = await pool.ClaimAsync(new ClaimRequest());

        await Lies(
            pool,
            "n2",
            inventory => inventory.Devices[0].Uuid = honest.Inventory.Devices[0].Uuid,
            "belongs to node n1"
        );
        await Lies(pool, "n3", inventory => inventory.Devices[0].Uuid = "'; DROP TABLE", "identity");
        await Lies(pool, "n4", inventory => inventory.Devices[0].MemoryBytes = 1UL << 60, "bytes of memory");
        await Lies(pool, "n5", inventory => inventory.Devices.Add(inventory.Devices[0].Clone()), "twice");
        await Lies(pool, "n6", inventory => inventory.Devices[0].Pool = "nowhere", "weir pools set");

        // Nothing of that reached what is leased.
        Assert.Equal(grant.Lease.Id, Assert.Single(await pool.LeasesAsync()).Id);
        Assert.Equal("n1", Assert.Single(await pool.DevicesAsync()).Node);

        // A leased device that says otherwise than before is faulty, and its lease ends.
        await honest.DisconnectAsync();
        honest.Inventory.Devices[0].MemoryBytes /= 2;
        await honest.ConnectAsync();
        var device = Assert.Single(await pool.DevicesAsync());
        Assert.Equal("faulty", device.State);
        Assert.Contains("8192 MiB", device.Fault);
        Assert.Empty(await pool.LeasesAsync());
    }

    [Theory]
    [InlineData("command: [a, b\n", "job.yaml:2:1")]
    [InlineData("gpus: 1\n", "job.yaml:1:1: command is missing")]
    [InlineData("command: ls\ngpus: 1.5\n", "job.yaml:2:7: gpus: --gpus 1.5 can be understood in several ways")]
    [InlineData("command: ls\nenv: 7\n", "job.yaml:2:6: env is a mapping")]
    [InlineData("command: ls\ntime: soon\n", "job.yaml:2:7: time: \"soon\" is not a time")]
    [InlineData("command: ls\n  retries: 2\n", "job.yaml:2:10")]
    [InlineData("command: ls\ncolour: red\n", "job.yaml:2:1: \"colour\" is not known here")]
    [InlineData("command: ls\nmounts:\n  - source: /a\n    size: 3\n", "job.yaml:4:5: \"size\" is not known here")]
    [InlineData("- a\n- b\n", "a job file is one mapping")]
    public void A_bad_job_file_is_refused_with_line_and_column(string text, string says)
    {
        Assert.Contains(says, Assert.Throws<PoolException>(() => JobFile.Parse("job.yaml", text)).Message);
    }

    [Fact]
    public void A_good_job_file_says_all_that_a_workload_may_name()
    {
        var job = JobFile.Parse(
            "job.yaml",
            """
            name: train
            command: [python3, train.py, --epochs, "3"]
            workdir: /data
            env: {A: "1", B: two}
            cpus: 1.5
            host-mem: 2GiB
            mounts:
              - source: /data
              - {source: "nas:/set", target: /set, read-only: true}
            time: 2h
            retries: 2
            array: 4
            after: [w-a]
            gpus: 2x0.5
            mem: 1GiB
            """
        );
        Assert.Equal(["python3", "train.py", "--epochs", "3"], job.Command);
        Assert.Equal(
            (1500, 2 * GiB, 7_200_000L, 2, 4),
            (job.ProcessorsMilli, job.HostMemoryBytes, job.TimeLimitMs, job.Retries, job.Array)
        );
        Assert.Equal((2, 50, GiB), (job.Claim!.Count, job.Claim.Compute, job.Claim.MemoryBytes));
        Assert.Equal(new MountView("nfs", "nas:/set", "/set", true), job.Mounts![1]);
    }

    [Theory]
    [InlineData("2", 2, 100)]
    [InlineData("0.5", 1, 50)]
    [InlineData("2x0.5", 2, 50)]
    [InlineData("1", 1, 100)]
    public void Shapes_are_understood(string text, int count, int compute) =>
        Assert.Equal(new GpuShape(count, compute), GpuShape.Parse(text));

    [Theory]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("1.5")]
    [InlineData("0.125")]
    [InlineData("2x")]
    [InlineData("2x2")]
    [InlineData("1x1x1")]
    [InlineData("lots")]
    [InlineData("")]
    public void Other_shapes_are_refused(string text) => Assert.Throws<FormatException>(() => GpuShape.Parse(text));

    private static async Task Lies(TestPool pool, string name, Action<Inventory> lie, string says)
    {
        await using var agent = await FakeAgent.JoinAsync(pool.Host, (await pool.TokenAsync("join")).Token, name);
        agent.AddDevices(1, 8 * GiB, "Model A");
        lie(agent.Inventory);
        await agent.ConnectAsync();
        Assert.Contains(says, Assert.IsType<GrpcException>(agent.Refusal).Message);
    }

    private static async Task TokenSays(string address, string token, string says)
    {
        using var client = new ControllerClient(new Login(address, token));
        var refused = await Assert.ThrowsAsync<PoolException>(() =>
            client.GetAsync("v1/status", RestJson.Default.StatusView)
        );
        Assert.Contains(says, refused.Message);
    }

    private static async Task Says(TestPool pool, ClaimRequest claim, string code, string says)
    {
        var refused = await LeaseTests.Refused(pool, claim);
        Assert.Equal(code, refused.Code);
        Assert.Contains(says, refused.Message);
    }
}
