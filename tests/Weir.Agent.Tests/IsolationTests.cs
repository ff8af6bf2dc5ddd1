using System.Globalization;
using Weir.Agent.Tests.Support;
using Weir.Posix;
using Weir.Worker.Tests.Support;

namespace Weir.Agent.Tests;

/// <summary>What a worker may do on its machine. Only root can give workers users and networks of their own.</summary>
public class IsolationTests
{
    [Fact]
    public void Workers_run_as_users_of_their_own_without_network_rights_or_many_files()
    {
        Assert.SkipUnless(Libc.getuid() == 0, "only root can give workers users of their own");
        using var run = AgentRun.Start();
        using OperatorClient op = run.Operator();
        TestLease lease = op.Grant("l-1", 1, op.Devices(), 64 << 20);
        using TestHolder holder = TestHolder.Hold(run, lease);
        using WireClient one = holder.Attach();
        using WireClient two = holder.Attach();
        (string first, string second) = (Status(one.WorkerId, "Uid"), Status(two.WorkerId, "Uid"));
        Assert.NotEqual(first, second);
        Assert.All(
            (string[])[first, second],
            user => Assert.InRange(int.Parse(user, CultureInfo.InvariantCulture), 62001, 62999)
        );
        Assert.Equal("0000000000000000", Status(one.WorkerId, "CapEff"));
        Assert.Equal("1", Status(one.WorkerId, "NoNewPrivs"));
        Assert.NotEqual(Link("self", "net"), Link($"{one.WorkerId}", "net"));
        Assert.Contains(
            File.ReadLines($"/proc/{one.WorkerId}/limits"),
            line => line.StartsWith("Max open files", StringComparison.Ordinal) && line.Contains("4096")
        );
        // lo, and it is down.
        Assert.DoesNotContain("eth", File.ReadAllText($"/proc/{one.WorkerId}/net/dev"));
        Assert.All(
            File.ReadLines($"/proc/{one.WorkerId}/cgroup")
                .Where(line => line.Contains(":memory:") || line.Contains(":pids:")),
            line => Assert.Contains("/weir-", line)
        );
    }

    [Fact]
    public void A_worker_cannot_look_at_its_neighbour_or_the_agents_books()
    {
        Assert.SkipUnless(Libc.getuid() == 0, "only root can give workers users of their own");
        using var run = AgentRun.Start();
        using OperatorClient op = run.Operator();
        TestLease lease = op.Grant("l-1", 1, op.Devices(), 64 << 20);
        using TestHolder holder = TestHolder.Hold(run, lease);
        using WireClient one = holder.Attach();
        using WireClient two = holder.Attach();
        string user = Status(one.WorkerId, "Uid");
        string[] secrets =
        [
            $"/proc/{two.WorkerId}/mem",
            $"/proc/{two.WorkerId}/maps",
            $"/proc/{two.WorkerId}/environ",
            $"/proc/{run.Process.Id}/environ",
            Path.Combine(run.Folders.Leases, "l-1.json"),
            Path.Combine(run.Folders.State, "agent.pfx"),
            run.Folders.OperatorSocket,
        ];
        foreach (string secret in secrets)
        {
            // What runs as the one worker's user tries; a file that cannot be opened is 1.
            (int code, string output) = ToolRun.Run(
                Path.Combine(AgentRun.Artifacts, "bin", "weir-worker"),
                ["--enclose", "--user", $"{user}:{user}", "--", "sh", "-c", "exec 3<\"$0\" && head -c 1 <&3", secret]
            );
            Assert.True(code != 0, $"{secret} can be read by a worker: {output}");
        }
    }

    [Fact]
    public void A_compile_service_serves_workers_without_a_network()
    {
        Assert.SkipUnless(Libc.getuid() == 0, "only root can give workers networks of their own");
        using var run = AgentRun.Start();
        using OperatorClient op = run.Operator();
        TestLease lease = op.Grant("l-1", 1, op.Devices(), 256 << 20);
        string program = Path.Combine(run.Folder, "saxpy");
        string source = Path.Combine(AgentRun.Checkout, "samples", "saxpy.c");
        Assert.Equal(0, ToolRun.Run("gcc", ["-O2", source, "-o", program, "-ldl", "-lm"]).Code);
        (int code, string output) = ToolRun.Run(
            Path.Combine(AgentRun.Artifacts, "bin", "weir-worker"),
            ["--launch", "--lease", run.WriteTicket(lease), "--", program]
        );
        Assert.True(code == 0, $"{output}\n{string.Join('\n', run.WorkerLogs())}");
        string compiled = Assert.Single(
            Directory.GetFiles(Path.Combine(run.Folders.Cache, "weir", "kernels"), "*.kernel")
        );
        Assert.Equal(62000u, AgentRun.OwnerOf(compiled));
    }

    [Fact]
    public void An_agent_without_rights_serves_its_user_all_the_same()
    {
        Assert.SkipUnless(Libc.getuid() == 0, "only root can become a user without rights");
        using var run = AgentRun.Start(user: "nobody");
        using OperatorClient op = run.Operator();
        Assert.Contains(run.Lines, line => line.Contains("only root"));
        TestLease lease = op.Grant("l-1", 1, op.Devices(), 256 << 20);
        using TestHolder holder = TestHolder.Hold(run, lease);
        using WireClient client = holder.Attach();
        Assert.Equal("65534", Status(client.WorkerId, "Uid"));
        string program = Path.Combine(run.Folder, "saxpy");
        string source = Path.Combine(AgentRun.Checkout, "samples", "saxpy.c");
        Assert.Equal(0, ToolRun.Run("gcc", ["-O2", source, "-o", program, "-ldl", "-lm"]).Code);
        var start = new Protocol.Agents.WorkloadStart
        {
            Workload = "w-1",
            Attempt = 1,
            Command = { program },
            Ticket = File.ReadAllText(run.WriteTicket(lease)),
        };
        op.Send(new Protocol.Agents.ControllerMessage { WorkloadStart = start });
        Protocol.Agents.WorkloadReport end = op.Next(message =>
            message.Workload?.State == Protocol.Agents.WorkloadState.WorkloadEnded
        ).Workload;
        Assert.True(end is { Reason: "exited", ExitCode: 0 }, $"{end}\n{string.Join('\n', run.WorkerLogs())}");
        start.Workload = "w-2";
        start.User = "root";
        op.Send(new Protocol.Agents.ControllerMessage { WorkloadStart = start });
        end = op.Next(message => message.Workload?.Workload == "w-2").Workload;
        Assert.Contains("run it as root", end.Reason);
    }

    private static string Status(int process, string name) =>
        File.ReadLines($"/proc/{process}/status")
            .First(line => line.StartsWith(name + ":", StringComparison.Ordinal))
            .Split('\t')[1];

    private static string Link(string process, string space) =>
        File.ResolveLinkTarget($"/proc/{process}/ns/{space}", false)!.Name;
}
