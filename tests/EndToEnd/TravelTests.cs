using System.Text;

namespace Weir.EndToEnd;

/// <summary>Sessions that go from node to node while their programs, unmodified, go on: two agents, real relays, real programs.</summary>
public class TravelTests
{
    [Fact]
    public async Task A_program_works_on_while_its_session_goes_from_node_to_node()
    {
        using var pool = PoolInstallation.Start();
        pool.Join("n2");
        Program program = Program.Start(pool, "order");
        string session = Session(pool);
        // Out of the worker beside the program, then from relay to relay, and back to where it was.
        for (int journey = 0; journey < 4; journey++)
        {
            string to = journey % 2 == 0 ? "n2" : "n1";
            string text = pool.Weir("migrate", session, "--to", to).Succeeded().Text;
            Assert.Contains("while it stood", text);
            session = Session(pool);
            Assert.StartsWith(to + "/", session);
        }
        Assert.Equal("n1", Slice(pool));
        program.GoOn();
        (await program.Running).Succeeded();
        Awaited.True(() => pool.Json("leases").GetArrayLength() == 0, "its lease has ended");
    }

    [Fact]
    public async Task Ffmpeg_makes_the_same_frames_while_its_session_moves_ten_times()
    {
        string[] arguments =
        [
            "-v",
            "error",
            "-nostdin",
            "-init_hw_device",
            "cuda=c",
            "-re",
            "-f",
            "lavfi",
            "-i",
            "testsrc2=size=320x180:rate=25:duration=600",
            "-vf",
            "format=yuv420p,hwupload_cuda,scale_cuda=160:90,hwdownload,format=yuv420p",
            "-f",
            "framemd5",
            "-flush_packets",
            "1",
        ];
        using var pool = PoolInstallation.Start();
        pool.Join("n2");
        string folder = WeirInstallation.NewFolder("travel-ffmpeg");
        string moved = Path.Combine(folder, "moved");
        var running = Task.Run(() =>
            pool.Weir(["run", "--gpus", "1", "--mem", "256MiB", "--", "ffmpeg", .. arguments, moved])
        );
        Awaited.True(() => Frames(moved).Length > 10 || running.IsCompleted, "frames come");
        Assert.False(running.IsCompleted, "ffmpeg has ended");
        for (int journey = 0; journey < 10; journey++)
        {
            int before = Frames(moved).Length;
            pool.Weir("migrate", Session(pool), "--to", journey % 2 == 0 ? "n2" : "n1").Succeeded();
            Awaited.True(() => Frames(moved).Length > before + 2, "frames go on");
        }
        // It ends as a user would end it; what it had written by then counts.
        string ended = pool.Json("ps").GetProperty("sessions")[0].GetProperty("process").ToString();
        ProgramRun.Start("kill", ["-INT", ended]).Succeeded();
        await running;
        string[] there = Frames(moved);
        string[] unlimited = [.. arguments.Where(word => word != "-re")];
        ProgramRun here = ClientRun.Run("ffmpeg", [.. unlimited, "-frames:v", $"{there.Length}", "-"]);
        string[] expected = Encoding.UTF8.GetString(here.Succeeded().Output).Split('\n').Where(IsFrame).ToArray();
        Assert.Equal(expected[..there.Length], there);
    }

    [Fact]
    public async Task A_parked_session_goes_on_on_another_node_and_what_cannot_be_is_refused()
    {
        using var pool = PoolInstallation.Start();
        pool.Join("n2");
        Program program = Program.Start(pool, "idle");
        string session = Session(pool);
        Refused(pool, "it is not parked", "resume", session, "--on", "n2");
        Refused(pool, "there is no node", "migrate", session, "--to", "n9");
        Refused(pool, "is on node n1 already", "migrate", session, "--to", "n1");
        pool.Weir("park", session).Succeeded();
        // All of the other node, to somebody else.
        Program other = Program.Start(pool, "idle", "--node", "n2", "--mem", "1GiB");
        Refused(pool, "has no room", "resume", session, "--on", "n2");
        other.GoOn();
        (await other.Running).Succeeded();
        Awaited.True(() => pool.Json("leases").GetArrayLength() == 1, "the other node is empty");
        pool.Weir("resume", session, "--on", "n2").Succeeded();
        string there = Session(pool);
        Assert.StartsWith("n2/", there);
        Refused(pool, "it is not parked", "resume", there, "--on", "n1");
        // A drained node's sessions go where there is room.
        pool.Weir("drain", "n2").Succeeded();
        Awaited.True(() => Session(pool).StartsWith("n1/", StringComparison.Ordinal), "it has gone to the other node");
        program.GoOn();
        Assert.Equal("all as it was\n", (await program.Running).Succeeded().Text);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Whatever_is_killed_on_the_other_node_the_program_goes_on(int seed)
    {
        using var pool = PoolInstallation.Start();
        pool.Join("n2");
        var random = new Random(seed);
        Program program = Program.Start(pool, "order");
        for (int attempt = 0; attempt < 4; attempt++)
        {
            string session = Session(pool);
            Assert.StartsWith("n1/", session);
            var move = Task.Run(() => pool.Weir("migrate", session, "--to", "n2"));
            // Wherever the move is then.
            await Task.Delay(random.Next(600), TestContext.Current.CancellationToken);
            pool.ReplaceAgent("n2");
            ProgramRun said = await move;
            // The session is on one of both, and goes on.
            Awaited.True(() => Sessions(pool).Length == 1, "there is one session");
            if (Session(pool).StartsWith("n2/", StringComparison.Ordinal))
            {
                Awaited.True(() => pool.Weir("migrate", Session(pool), "--to", "n1").ExitCode == 0, "it comes back");
            }
            else
            {
                Assert.NotEqual(0, said.ExitCode);
            }
        }
        program.GoOn();
        (await program.Running).Succeeded();
    }

    private static void Refused(PoolInstallation pool, string reason, params string[] words)
    {
        ProgramRun run = pool.Weir(words);
        Assert.Equal(1, run.ExitCode);
        Assert.Contains(reason, run.Errors);
    }

    private static string[] Sessions(PoolInstallation pool) =>
        [
            .. pool.Json("ps")
                .GetProperty("sessions")
                .EnumerateArray()
                .Select(session => session.GetProperty("id").GetString()!),
        ];

    // While it goes from one to the other, both nodes may be said to have it.
    private static string Session(PoolInstallation pool)
    {
        string[] known = [];
        Awaited.True(() => (known = Sessions(pool)).Length == 1, () => $"one session: {string.Join(", ", known)}");
        return known[0];
    }

    private static string Slice(PoolInstallation pool) =>
        pool.Json("leases")[0].GetProperty("devices")[0].GetProperty("node").GetString()!;

    // Whole lines only: the last one may be half written.
    private static string[] Frames(string file)
    {
        if (!File.Exists(file))
        {
            return [];
        }
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var reader = new StreamReader(stream);
        string text = reader.ReadToEnd();
        return [.. text[..(text.LastIndexOf('\n') + 1)].Split('\n').Where(IsFrame)];
    }

    private static bool IsFrame(string line) => line.Length > 0 && line[0] != '#';

    /// <summary>A program that works, or waits, until it is let go on.</summary>
    private sealed record Program(Task<ProgramRun> Running, string Go)
    {
        public static Program Start(PoolInstallation pool, string name, params string[] options)
        {
            string folder = WeirInstallation.NewFolder("travel");
            string program = ClientRun.Compile(
                Path.Combine(WeirInstallation.Root, "tests", "EndToEnd", "clients", name + ".c"),
                folder
            );
            string there = Path.Combine(folder, "there");
            string go = Path.Combine(folder, "go");
            string[] memory = options.Contains("--mem") ? [] : ["--mem", "512MiB"];
            string[] place = options.Contains("--node") ? [] : ["--node", "n1"];
            var running = Task.Run(() =>
                pool.Weir(["run", "--gpus", "1", .. memory, .. place, .. options, "--", program, there, go])
            );
            Awaited.True(() => File.Exists(there) || running.IsCompleted, "the program has begun");
            Assert.False(running.IsCompleted, running.IsCompleted ? running.Result.Errors : "");
            return new Program(running, go);
        }

        public void GoOn() => File.WriteAllText(Go, "");
    }
}
