using System.Text;
using Weir.Agent.Tests.Support;
using Weir.Posix;
using Weir.Protocol.Agents;

namespace Weir.Agent.Tests;

/// <summary>Programs that a node runs for workloads.</summary>
public class WorkloadTests
{
    [Fact]
    public void A_program_runs_where_and_how_it_was_asked_for_and_its_output_and_end_are_told()
    {
        using var run = AgentRun.Start();
        using OperatorClient op = run.Operator();
        WorkloadStart start = Shell("w-1", "echo $GREETING from $(pwd); echo trouble >&2; exit 7");
        start.Directory = "/usr";
        start.Environment["GREETING"] = "hello";
        (WorkloadReport end, string output) = RunToEnd(op, start);
        Assert.Equal(("exited", 7, 0), (end.Reason, end.ExitCode, end.Signal));
        Assert.Equal("hello from /usr\ntrouble\n", output);
        Assert.InRange(end.EndedMs, end.StartedMs, end.StartedMs + 60_000);
        // Acknowledged, it is forgotten.
        op.Send(
            new ControllerMessage
            {
                OutputAcknowledged = new OutputAcknowledged
                {
                    Workload = "w-1",
                    Attempt = 1,
                    Offset = (ulong)output.Length,
                },
            }
        );
        AgentRun.Becomes(
            () => Directory.GetDirectories(run.Folders.Workloads).Length == 0,
            "the workload is forgotten"
        );
    }

    [Fact]
    public void It_runs_as_its_user_with_mounts_of_its_own()
    {
        Assert.SkipUnless(Libc.getuid() == 0, "only root can run programs as other users and mount");
        using var run = AgentRun.Start();
        using OperatorClient op = run.Operator();
        string source = Directory.CreateDirectory(Path.Combine(run.Folder, "data set")).FullName;
        File.WriteAllText(Path.Combine(source, "file"), "content");
        WorkloadStart start = Shell("w-1", "id -un; cat /mnt/file; touch /mnt/x 2>/dev/null || echo; echo $HOME");
        start.User = "nobody";
        start.Mounts.Add(
            new Mount
            {
                Kind = "host",
                Source = source,
                Target = "/mnt",
                ReadOnly = true,
            }
        );
        (WorkloadReport end, string output) = RunToEnd(op, start);
        Assert.Equal(("exited", 0), (end.Reason, end.ExitCode));
        Assert.Equal("nobody\ncontent\n/nonexistent\n", output);
        Assert.False(File.Exists("/mnt/file"));
    }

    [Theory]
    [InlineData("no-such-user", "", "", "there is no user no-such-user")]
    [InlineData("", "/no/such/folder", "", "cannot work in /no/such/folder")]
    [InlineData("", "", "/no/such/source", "cannot mount /no/such/source")]
    public void What_cannot_be_had_is_said(string user, string directory, string mount, string expected)
    {
        Assert.SkipUnless(Libc.getuid() == 0, "only root can run programs as other users and mount");
        using var run = AgentRun.Start();
        using OperatorClient op = run.Operator();
        WorkloadStart start = Shell("w-1", "true");
        start.User = user;
        start.Directory = directory;
        if (mount.Length > 0)
        {
            start.Mounts.Add(
                new Mount
                {
                    Kind = "host",
                    Source = mount,
                    Target = "/mnt",
                }
            );
        }
        (WorkloadReport end, string output) = RunToEnd(op, start);
        Assert.NotEqual(0, end.ExitCode);
        Assert.Contains(expected, end.Reason + output);
    }

    [Fact]
    public void An_image_without_podman_is_refused_with_what_to_do()
    {
        Assert.SkipWhen(File.Exists("/usr/bin/podman"), "podman is here");
        using var run = AgentRun.Start();
        using OperatorClient op = run.Operator();
        WorkloadStart start = Shell("w-1", "true");
        start.Image = "docker.io/library/debian:12";
        op.Send(new ControllerMessage { WorkloadStart = start });
        WorkloadReport end = op.Next(message => message.Workload?.State == WorkloadState.WorkloadEnded).Workload;
        Assert.Contains("apt-get install podman", end.Reason);
    }

    [Fact]
    public void Time_and_memory_are_limited_and_nothing_is_left_of_it()
    {
        using var run = AgentRun.Start();
        using OperatorClient op = run.Operator();
        WorkloadStart slow = Shell("w-slow", "sleep 1000 & setsid sleep 1000 & sleep 1000");
        slow.TimeLimitMs = 1000;
        (WorkloadReport end, _) = RunToEnd(op, slow);
        Assert.Equal("time limit", end.Reason);
        AgentRun.Becomes(
            () => run.Helpers().All(id => !AgentRun.CommandLine(id).Contains("w-slow")),
            "the keeper ends"
        );
        WorkloadStart greedy = Shell("w-greedy", "head -c 300000000 /dev/zero | tail | wc -c");
        greedy.HostMemoryBytes = 64 << 20;
        (end, string output) = RunToEnd(op, greedy);
        Assert.DoesNotContain("300000000", output);
        Assert.True(end.Reason == "memory limit" || end.ExitCode != 0 || !Groups(run), $"{end.Reason} {output}");
    }

    [Fact]
    public void It_can_be_cancelled_first_gently_then_not()
    {
        using var run = AgentRun.Start();
        using OperatorClient op = run.Operator();
        op.Send(
            new ControllerMessage
            {
                WorkloadStart = Shell("w-1", "trap 'echo later; exit 3' TERM; echo on; while :; do sleep 0.05; done"),
            }
        );
        _ = op.Next(message => message.Output is not null);
        op.Send(Stop("w-1", 10_000));
        (WorkloadReport end, string output) = Collect(op, "w-1");
        Assert.Equal(("cancelled by its owner", 3), (end.Reason, end.ExitCode));
        Assert.EndsWith("later\n", output);
        op.Send(
            new ControllerMessage
            {
                WorkloadStart = Shell("w-2", "trap '' TERM; echo on; while :; do sleep 0.05; done"),
            }
        );
        _ = op.Next(message => message.Output is not null);
        op.Send(Stop("w-2", 200));
        (end, _) = Collect(op, "w-2");
        Assert.Equal(("cancelled by its owner", Libc.SIGKILL), (end.Reason, end.Signal));
    }

    [Fact]
    public void It_goes_on_while_the_agent_is_restarted_and_its_end_is_not_lost()
    {
        using var run = AgentRun.Start();
        string go = Path.Combine(run.Folder, "go");
        using (OperatorClient op = run.Operator())
        {
            op.Send(
                new ControllerMessage
                {
                    WorkloadStart = Shell(
                        "w-1",
                        $"echo one; while [ ! -e {go} ]; do sleep 0.05; done; echo two; exit 5"
                    ),
                }
            );
            _ = op.Next(message => message.Output is not null);
        }
        run.Kill();
        run.Restart();
        using (OperatorClient op = run.Operator())
        {
            WorkloadReport running = op.Next(message => message.Report is not null).Report.Workloads.Single();
            Assert.Equal(WorkloadState.WorkloadRunning, running.State);
            run.Kill();
        }
        File.WriteAllText(go, "");
        AgentRun.Becomes(() => run.Helpers().Count == 0, "the program ends");
        run.Restart();
        using OperatorClient last = run.Operator();
        WorkloadReport end = last.Next(message => message.Report is not null).Report.Workloads.Single();
        Assert.Equal((WorkloadState.WorkloadEnded, "exited", 5), (end.State, end.Reason, end.ExitCode));
        Assert.Equal("one\ntwo\n", Collect(last, "w-1", end).Output);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_program_with_a_lease_finds_the_device_here_or_over_the_network(bool isRemote)
    {
        using var run = AgentRun.Start();
        using OperatorClient op = run.Operator();
        Hello hello = op.Next(message => message.Hello is not null).Hello;
        TestLease lease = op.Grant("l-1", 1, op.Devices(), 256 << 20);
        string program = Path.Combine(run.Folder, "saxpy");
        string source = Path.Combine(AgentRun.Checkout, "samples", "saxpy.c");
        Assert.Equal(0, ToolRun.Run("gcc", ["-O2", source, "-o", program, "-ldl", "-lm"]).Code);
        var start = new WorkloadStart
        {
            Workload = "w-1",
            Attempt = 1,
            Command = { program },
            Ticket = File.ReadAllText(run.WriteTicket(lease, isRemote ? hello : null)),
            User = Libc.getuid() == 0 ? "nobody" : "",
        };
        (WorkloadReport end, string output) = RunToEnd(op, start);
        Assert.True(
            end is { Reason: "exited", ExitCode: 0 },
            $"{end}\n{output}\n{string.Join('\n', run.WorkerLogs())}"
        );
        Assert.Contains(op.Heard, message => message.Session is { ClientProgram: var path } && path.EndsWith("saxpy"));
    }

    private static bool Groups(AgentRun run) => !run.Lines.Exists(line => line.Contains("no control groups"));

    private static WorkloadStart Shell(string name, string script) =>
        new()
        {
            Workload = name,
            Attempt = 1,
            Command = { "/bin/sh", "-c", script },
        };

    private static ControllerMessage Stop(string name, uint graceMs) =>
        new()
        {
            WorkloadStop = new WorkloadStop
            {
                Workload = name,
                Attempt = 1,
                GraceMs = graceMs,
                Reason = "cancelled by its owner",
            },
        };

    private static (WorkloadReport End, string Output) RunToEnd(OperatorClient op, WorkloadStart start)
    {
        op.Send(new ControllerMessage { WorkloadStart = start });
        return Collect(op, start.Workload);
    }

    // Until the end and the last output have come, in whatever order.
    private static (WorkloadReport End, string Output) Collect(
        OperatorClient op,
        string name,
        WorkloadReport? end = null
    )
    {
        SortedDictionary<ulong, string> parts = [];
        foreach (AgentMessage heard in op.Heard.ToArray().Where(message => message.Output?.Workload == name))
        {
            parts[heard.Output.Offset] = heard.Output.Data.ToString(Encoding.UTF8);
        }
        bool isLast = op.Heard.Any(message => message.Output is { Last: true } output && output.Workload == name);
        while (end is null || !isLast)
        {
            AgentMessage message = op.Next(message =>
                message.Workload?.Workload == name || message.Output?.Workload == name
            );
            if (message.Workload?.State == WorkloadState.WorkloadEnded)
            {
                end = message.Workload;
            }
            if (message.Output is { } output)
            {
                if (output.Data.Length > 0)
                {
                    parts[output.Offset] = output.Data.ToString(Encoding.UTF8);
                }
                isLast |= output.Last;
            }
        }
        return (end, string.Concat(parts.Values));
    }
}
