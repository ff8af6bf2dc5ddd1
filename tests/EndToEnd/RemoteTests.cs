using System.Text;
using System.Text.Json.Nodes;

namespace Weir.EndToEnd;

/// <summary>Unmodified programs whose device is on another node.</summary>
public class RemoteTests
{
    [Theory]
    [InlineData("contexts")]
    [InlineData("errors")]
    [InlineData("libraries")]
    [InlineData("mappings")]
    [InlineData("pools")]
    [InlineData("reach")]
    [InlineData("remote")]
    [InlineData("threads")]
    public void Programs_notice_no_difference(string name)
    {
        using var node = new LoneNode();
        node.Run(Compile(name)).Succeeded();
    }

    [Fact]
    public void Ffmpeg_makes_the_same_frames()
    {
        string[] arguments =
        [
            "-v",
            "error",
            "-nostdin",
            "-init_hw_device",
            "cuda=c",
            "-f",
            "lavfi",
            "-i",
            "testsrc2=size=640x360:rate=30:duration=1",
            "-vf",
            "format=yuv420p,hwupload_cuda,scale_cuda=320:180,hwdownload,format=yuv420p",
            "-f",
            "framemd5",
            "-",
        ];
        using var node = new LoneNode();
        byte[] here = ClientRun.Run("ffmpeg", arguments).Succeeded().Output;
        byte[] there = node.Run("ffmpeg", arguments).Succeeded().Output;
        Assert.Equal(Encoding.UTF8.GetString(here), Encoding.UTF8.GetString(there));
    }

    [Fact]
    public void Cut_connections_come_back_and_nothing_is_lost_or_done_twice()
    {
        using var node = new LoneNode();
        using var stop = new CancellationTokenSource();
        var random = new Random(7);
        string program = Compile("order");
        string attached = program + ".attached";
        string enough = program + ".enough";
        var cutter = new Thread(() =>
        {
            while (!File.Exists(attached) && !stop.IsCancellationRequested)
            {
                Thread.Sleep(5);
            }
            while (!stop.IsCancellationRequested)
            {
                if (node.Proxy.Cuts > 4 && !File.Exists(enough))
                {
                    // The program does its rounds until then, however quick the machine is.
                    File.WriteAllText(enough, "");
                }
                // Some in the middle of what is on its way, some while nothing is.
                node.Proxy.CutAfter(random.Next(3) == 0 ? 0 : random.Next(400_000));
                Thread.Sleep(random.Next(50, 300));
            }
        });
        cutter.Start();
        ProgramRun run = node.Run(program, attached, enough);
        stop.Cancel();
        cutter.Join();
        run.Succeeded();
        Assert.True(node.Proxy.Cuts > 4, $"{node.Proxy.Cuts} cuts");
    }

    [Fact]
    public void Round_trips_are_those_that_the_program_asks_for()
    {
        using var node = new LoneNode();
        string program = ClientRun.Compile(
            Path.Combine(WeirInstallation.Root, "bench", "native", "remote.c"),
            WeirInstallation.NewFolder()
        );
        long few = RoundTrips(node, program, 5);
        long many = RoundTrips(node, program, 25);
        // A step waits twice: for its stream, and for the value that it reads back.
        Assert.Equal(2 * 20, many - few);
    }

    [Fact]
    public async Task A_node_that_stays_away_ends_the_session_on_both_sides()
    {
        using var node = new LoneNode(graceSeconds: 1);
        string program = Compile("waits");
        string attached = program + ".attached";
        Task<ProgramRun> run = Task.Run(() => node.Run(program, attached));
        Awaited.True(() => File.Exists(attached), "the program is attached");
        node.Proxy.IsClosed = true;
        node.Proxy.Cut();
        ProgramRun ended = await run;
        Assert.Equal(3, ended.ExitCode);
        Assert.Contains("lost", ended.Text);
    }

    [Fact]
    public void A_program_has_devices_of_two_nodes_and_copies_between_them()
    {
        using var first = new LoneNode();
        using var second = new LoneNode(with: first);
        second.Run(Compile("shards")).Succeeded();
    }

    [Fact]
    public void A_forged_ticket_opens_nothing()
    {
        using var node = new LoneNode();
        JsonNode lease = JsonNode.Parse(File.ReadAllText(node.Ticket))!;
        lease["secret"] = new string('A', 43);
        File.WriteAllText(node.Ticket, lease.ToJsonString());
        ProgramRun run = node.Run(Compile("waits"));
        Assert.Equal(2, run.ExitCode);
    }

    private static long RoundTrips(LoneNode node, string program, int steps)
    {
        File.Delete(node.Report);
        node.Run(program, "steps", $"{steps}").Succeeded();
        return JsonNode.Parse(WrittenFile.Lines(node.Report)[0])!["roundTrips"]!.GetValue<long>();
    }

    private static string Compile(string name) =>
        ClientRun.Compile(
            Path.Combine(WeirInstallation.Root, "tests", "EndToEnd", "clients", name + ".c"),
            WeirInstallation.NewFolder("remote-" + name)
        );
}
