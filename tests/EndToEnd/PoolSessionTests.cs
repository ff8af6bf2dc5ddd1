using System.Text.Json;

namespace Weir.EndToEnd;

/// <summary>Sessions of a pool that leave their device while their program runs: what people type, and real programs.</summary>
public class PoolSessionTests
{
    [Fact]
    public async Task An_idle_program_lends_its_slice_and_its_next_call_gets_it_back()
    {
        using var pool = PoolInstallation.Start();
        (Task<ProgramRun> running, string go) = Start(pool, "--idle-release", "1s");
        Awaited.True(() => State(pool) == "parked", () => $"the idle session is parked, not {State(pool)}");
        Awaited.True(() => Lease(pool) == "parked", "its slice is the pool's");
        // All of the device, to somebody else.
        (Task<ProgramRun> other, string otherGo) = Start(pool);
        File.WriteAllText(go, "");
        Awaited.True(() => Lease(pool) == "waiting", "the program waits for its slice");
        File.WriteAllText(otherGo, "");
        Assert.Equal("all as it was\n", (await other).Succeeded().Text);
        Assert.Equal("all as it was\n", (await running).Succeeded().Text);
    }

    [Fact]
    public async Task A_session_is_parked_saved_moved_and_resumed_by_hand()
    {
        using var pool = PoolInstallation.Start();
        (Task<ProgramRun> running, string go) = Start(pool);
        string session = Session(pool).GetProperty("id").GetString()!;
        pool.Weir("snapshot", session, "before").Succeeded();
        pool.Weir("park", session).Succeeded();
        Awaited.True(() => State(pool) == "parked", "it is parked");
        pool.Weir("resume", session).Succeeded();
        Awaited.True(() => State(pool) == "attached", "it is attached");
        pool.Weir("migrate", session).Succeeded();
        var refused = pool.Weir("restore", session);
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("it is not lost", refused.Errors);
        // Parked by a drain: the node counts as empty at once, and the program goes on when the node is used again.
        pool.Weir("drain", "n1", "--wait").Succeeded();
        Assert.Equal("parked", State(pool));
        pool.Weir("nodes", "uncordon", "n1").Succeeded();
        File.WriteAllText(go, "");
        Assert.Equal("all as it was\n", (await running).Succeeded().Text);
    }

    [Fact]
    public async Task A_claim_of_higher_priority_parks_a_program_that_works_on_and_gets_its_device_back()
    {
        using var pool = PoolInstallation.Start();
        (Task<ProgramRun> running, string go) = Start(pool);
        string lease = pool.Json("leases").EnumerateArray().Single().GetProperty("id").GetString()!;
        // The pool must have heard of its session, so that it can be parked.
        Awaited.True(() => State(pool) == "attached", "its session is known");
        (Task<ProgramRun> urgent, string urgentGo) = Start(pool, "--priority", "5", "--wait", "5m");
        Assert.Equal("parked", State(pool, lease));
        File.WriteAllText(go, "");
        Awaited.True(() => Lease(pool, lease) == "waiting", "the first program waits for its device");
        var waiting = pool.Json("queue").GetProperty("waiting").EnumerateArray().Single();
        Assert.Equal(lease, waiting.GetProperty("id").GetString());
        File.WriteAllText(urgentGo, "");
        Assert.Equal("all as it was\n", (await urgent).Succeeded().Text);
        Assert.Equal("all as it was\n", (await running).Succeeded().Text);
        string told = pool.Weir("explain", lease).Succeeded().Text;
        Assert.Matches("(?s)park: makes room for .*priority 5.*wait: .*resume: ", told);
    }

    [Fact]
    public async Task Rebalancing_moves_a_running_program_so_that_one_that_waits_can_start()
    {
        using var pool = PoolInstallation.Start();
        pool.Join("n2");
        pool.Weir("pools", "set", "default", "--policy", "worstfit").Succeeded();
        // A half on each node, and nowhere a whole device.
        (Task<ProgramRun> here, string goHere) = Start(pool, "--gpus", "0.5");
        (Task<ProgramRun> there, string goThere) = Start(pool, "--gpus", "0.5");
        Awaited.True(() => pool.Json("ps").GetProperty("sessions").GetArrayLength() == 2, "both sessions are known");
        Assert.Equal(2, Sessions(pool).Distinct().Count());
        var waiting = Task.Run(() => pool.Weir("run", "--gpus", "1", "--mem", "1GiB", "--wait", "5m", "--", "true"));
        Awaited.True(() => pool.Json("queue").GetProperty("waiting").GetArrayLength() == 1, "the third one waits");
        Assert.Contains("→", pool.Weir("rebalance", "--dry-run").Succeeded().Text);
        string told = pool.Weir("rebalance").Succeeded().Text;
        Assert.Contains(": moved", told);
        (await waiting).Succeeded();
        Assert.Single(Sessions(pool).Distinct());
        File.WriteAllText(goHere, "");
        File.WriteAllText(goThere, "");
        Assert.Equal("all as it was\n", (await here).Succeeded().Text);
        Assert.Equal("all as it was\n", (await there).Succeeded().Text);

        static IEnumerable<string> Sessions(PoolInstallation pool) =>
            pool.Json("ps")
                .GetProperty("sessions")
                .EnumerateArray()
                .Select(session => session.GetProperty("id").GetString()!.Split('/')[0]);
    }

    // A program on the whole device, when it has filled its memory; and the file that lets it go on.
    private static (Task<ProgramRun> Running, string Go) Start(PoolInstallation pool, params string[] options)
    {
        string folder = WeirInstallation.NewFolder("idle");
        string program = ClientRun.Compile(
            Path.Combine(WeirInstallation.Root, "tests", "EndToEnd", "clients", "idle.c"),
            folder
        );
        string there = Path.Combine(folder, "there");
        string go = Path.Combine(folder, "go");
        var running = Task.Run(() =>
            pool.Weir([
                "run",
                .. options.Contains("--gpus") ? Array.Empty<string>() : ["--gpus", "1"],
                "--mem",
                "256MiB",
                .. options,
                "--",
                program,
                there,
                go,
            ])
        );
        Awaited.True(() => File.Exists(there) || running.IsCompleted, "the program has filled its memory");
        Assert.False(running.IsCompleted, running.IsCompleted ? running.Result.Errors : "");
        return (running, go);
    }

    private static JsonElement Session(PoolInstallation pool) =>
        pool.Json("ps").GetProperty("sessions").EnumerateArray().First();

    private static string State(PoolInstallation pool) => Session(pool).GetProperty("state").GetString()!;

    private static string State(PoolInstallation pool, string lease) =>
        pool.Json("ps")
            .GetProperty("sessions")
            .EnumerateArray()
            .Single(session => session.GetProperty("lease").GetString() == lease)
            .GetProperty("state")
            .GetString()!;

    private static string Lease(PoolInstallation pool, string id) =>
        pool.Json("leases")
            .EnumerateArray()
            .Single(lease => lease.GetProperty("id").GetString() == id)
            .GetProperty("state")
            .GetString()!;

    private static string Lease(PoolInstallation pool) =>
        pool.Json("leases").EnumerateArray().First().GetProperty("state").GetString()!;
}
