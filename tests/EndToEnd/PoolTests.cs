namespace Weir.EndToEnd;

/// <summary>Programs on slices of a pool: `weir up`, `run --gpus`, `submit`, a second node.</summary>
public class PoolTests
{
    private static readonly string[] Scale =
    [
        "ffmpeg",
        "-hide_banner",
        "-loglevel",
        "error",
        "-f",
        "lavfi",
        "-i",
        "testsrc=size=320x240:rate=10:duration=1",
        "-vf",
        "format=yuv420p,hwupload_cuda,scale_cuda=160:120,hwdownload,format=yuv420p",
        "-f",
        "rawvideo",
        "-",
    ];

    [Fact]
    public void Ffmpeg_runs_on_slices_here_and_over_the_network_and_the_slice_is_free_afterwards()
    {
        using var pool = PoolInstallation.Start();
        var here = pool.Weir(["run", "--gpus", "0.5", "--mem", "256MiB", "--", .. Scale]).Succeeded();
        // The whole device: what the first run had is free again at once.
        var whole = pool.Weir(["run", "--gpus", "1", "--wait", "20s", "--", .. Scale]).Succeeded();
        Assert.Equal(here.Output, whole.Output);
        Assert.Equal(10 * 160 * 120 * 3 / 2, here.Output.Length);
        var remote = pool.Weir(
                new Dictionary<string, string?> { ["WEIR_REMOTE"] = "1" },
                ["run", "--gpus", "0.5", "--mem", "256MiB", "--wait", "20s", "--", .. Scale]
            )
            .Succeeded();
        Assert.Equal(here.Output, remote.Output);

        Assert.Equal(3, pool.Json("leases", "--all").GetArrayLength());
        var sessions = pool.Json("ps", "--all").GetProperty("sessions");
        Assert.All(
            sessions.EnumerateArray(),
            session => Assert.EndsWith("ffmpeg", session.GetProperty("program").GetString())
        );
    }

    [Fact]
    public void A_workload_runs_and_its_output_is_kept()
    {
        using var pool = PoolInstallation.Start();
        string id = pool.Weir("submit", "--gpus", "0.5", "--", "sh", "-c", "echo to $WEIR_WORKLOAD; exit 3")
            .Succeeded()
            .Text.Trim();
        var logs = pool.Weir("logs", "-f", id);
        Assert.Equal((3, $"to {id}\n"), (logs.ExitCode, logs.Text));
        string job = Path.Combine(WeirInstallation.NewFolder(), "job.yaml");
        File.WriteAllText(
            job,
            $"name: scale\nworkdir: /tmp\ncommand: [{string.Join(", ", Scale[..^3].Select(word => $"\"{word}\""))}, -f, \"null\", \"-\"]\ngpus: 0.5\n"
        );
        string second = pool.Weir("submit", job).Succeeded().Text.Trim();
        pool.Weir("logs", "-f", second).Succeeded();
        File.WriteAllText(job, "command: ls\ncolour: red\n");
        var bad = pool.Weir("submit", job);
        Assert.Equal(1, bad.ExitCode);
        Assert.Contains("job.yaml:2:1", bad.Errors);
    }

    [Fact]
    public void A_second_node_joins_serves_and_is_drained()
    {
        using var pool = PoolInstallation.Start();
        pool.Join("n2");
        Assert.Equal(2, pool.Json("devices", "--pool").GetArrayLength());
        pool.Weir(["run", "--gpus", "1", "--node", "n2", "--", .. Scale]).Succeeded();
        pool.Weir("drain", "n2", "--wait").Succeeded();
        var refused = pool.Weir(["run", "--gpus", "2", "--", .. Scale]);
        Assert.Equal(125, refused.ExitCode);
        Assert.Contains("suitable devices", refused.Errors);
        Assert.Equal(
            "drained",
            pool.Json("nodes")
                .EnumerateArray()
                .Single(node => node.GetProperty("name").GetString() == "n2")
                .GetProperty("state")
                .GetString()
        );
    }

    [Fact]
    public async Task A_killed_controller_interrupts_no_program_and_comes_back_with_its_leases()
    {
        using var pool = PoolInstallation.Start();
        string[] longer =
        [
            .. Scale.Select(word => word.Replace("duration=1", "duration=10", StringComparison.Ordinal)),
        ];
        var running = Task.Run(() => pool.Weir(["run", "--gpus", "0.5", "--", .. longer]));
        string lease = "";
        // Granted alone is not enough: the answer that carries the ticket may be on its way still.
        Awaited.True(
            () =>
                (
                    lease =
                        pool.Json("leases")
                            .EnumerateArray()
                            .Where(one => one.GetProperty("state").GetString() == "held")
                            .Select(one => one.GetProperty("id").GetString()!)
                            .FirstOrDefault()
                        ?? ""
                ).Length > 0,
            () => $"the program holds its lease; it has ended: {running.IsCompleted}"
        );
        pool.KillController();
        Assert.Equal(100 * 160 * 120 * 3 / 2, (await running).Succeeded().Output.Length);
        Awaited.True(
            () =>
                pool.Weir("leases", "--all", "--output", "json") is { ExitCode: 0 } leases
                && leases.Text.Contains("its holder ended", StringComparison.Ordinal)
                && leases.Text.Contains(lease, StringComparison.Ordinal),
            "the lease comes back and ends"
        );
    }

    [Theory]
    [InlineData(125, "there is no pool \"x\"", "run", "--gpus", "1", "--pool", "x", "--", "true")]
    [InlineData(125, "there is no template \"x\"", "run", "--template", "x", "--", "true")]
    [InlineData(125, "are suitable", "run", "--gpus", "9", "--", "true")]
    [InlineData(127, "not found", "run", "--gpus", "1", "--", "no-such-program")]
    [InlineData(2, "give --gpus too", "run", "--node", "n1", "--", "true")]
    [InlineData(1, "no workload", "logs", "w-none")]
    [InlineData(1, "no node", "drain", "n9")]
    public void Bad_input_ends_with_words_and_an_exit_code(int exitCode, string says, params string[] arguments)
    {
        var run = s_shared.Value.Weir(arguments);
        Assert.Equal(exitCode, run.ExitCode);
        Assert.Contains(says, run.Errors);
    }

    [Fact]
    public void A_damaged_store_ends_weir_up_with_what_to_do()
    {
        string folder = Directory.CreateTempSubdirectory("we-").FullName;
        try
        {
            string store = Path.Combine(folder, "state", "controller", "weir.db");
            Directory.CreateDirectory(Path.GetDirectoryName(store)!);
            File.WriteAllBytes(store, new byte[40_960]);
            ProgramRun up = PoolInstallation.Up(folder);
            Assert.Equal(1, up.ExitCode);
            Assert.Contains("is damaged", up.Errors);
            Assert.Contains("weir recover", up.Errors);
            // Nothing that could be looked into is lost by it.
            Assert.Equal(40_960, new FileInfo(store).Length);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static readonly Lazy<PoolInstallation> s_shared = new(() =>
    {
        var pool = PoolInstallation.Start();
        AppDomain.CurrentDomain.ProcessExit += (_, _) => pool.Dispose();
        return pool;
    });
}
