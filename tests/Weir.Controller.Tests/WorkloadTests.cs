using System.Text;
using Google.Protobuf;
using Weir.Cli.Pool;
using Weir.Controller.Tests.Support;
using Weir.Protocol.Agents;
using Weir.Protocol.Rest;

namespace Weir.Controller.Tests;

/// <summary>Batch workloads: queue, tries, arrays, dependencies, output, history.</summary>
public class WorkloadTests
{
    [Fact]
    public async Task A_workload_waits_for_room_runs_and_is_history()
    {
        await using var pool = await TestPool.StartAsync();
        var agent = await pool.NodeAsync("n1");
        var grant = await pool.ClaimAsync(new ClaimRequest());
        var submitted = await pool.SubmitAsync(
            Job() with
            {
                Claim = new ClaimRequest { Compute = 50 },
                Environment = new Dictionary<string, string> { ["A"] = "1" },
            }
        );
        var view = await pool.WorkloadAsync(submitted.Id);
        Assert.Equal("queued", view.State);
        Assert.Contains("free now", view.Reason);

        await pool.EndAsync(grant.Lease.Id);
        var start = await Started(agent, submitted.Id);
        Assert.Equal("1", start.Environment["A"]);
        var ticket = Weir.Protocol.Leases.LeaseTicket.Parse(start.Ticket);
        Assert.True(agent.Leases.ContainsKey(ticket.Lease));
        Assert.Equal("/run/weir/agent.sock", ticket.Shards[0].Local);

        await RunningAsync(agent, start);
        await Until(pool, submitted.Id, "running");
        await OutputAsync(agent, start, 0, "hello\n");
        await OutputAsync(agent, start, 6, "world\n");
        await EndedAsync(agent, start, 0);
        await Until(pool, submitted.Id, "succeeded");
        Assert.Equal("hello\nworld\n", await LogsAsync(pool, submitted.Id, follow: true));
        Assert.Empty(await pool.LeasesAsync());
    }

    [Fact]
    public async Task A_failed_workload_is_tried_again_and_then_has_failed()
    {
        await using var pool = await TestPool.StartAsync();
        var agent = await pool.NodeAsync("n1");
        var submitted = await pool.SubmitAsync(Job() with { Retries = 1 });
        await EndedAsync(agent, await Started(agent, submitted.Id), 3);
        var second = (await agent.ExpectAsync(message => message.WorkloadStart?.Attempt == 2)).WorkloadStart;
        await EndedAsync(agent, second, 4);
        await Until(pool, submitted.Id, "failed");
        var view = await pool.WorkloadAsync(submitted.Id);
        Assert.Equal((2, 4), (view.Attempt, view.ExitCode));
    }

    [Fact]
    public async Task An_array_runs_its_elements_and_another_waits_for_all_of_them()
    {
        await using var pool = await TestPool.StartAsync();
        var agent = await pool.NodeAsync("n1");
        var array = await pool.SubmitAsync(Job() with { Array = 3 });
        var after = await pool.SubmitAsync(Job() with { After = [array.Id] });
        Assert.Equal("waiting", (await pool.WorkloadAsync(after.Id)).State);
        for (int i = 0; i < 3; i++)
        {
            var start = await Started(agent, $"{array.Id}.{i}");
            Assert.Equal($"{i}", start.Environment["WEIR_ARRAY_INDEX"]);
            await EndedAsync(agent, start, 0);
        }
        await Started(agent, after.Id);
        var broken = await pool.SubmitAsync(Job());
        var never = await pool.SubmitAsync(Job() with { After = [broken.Id] });
        await EndedAsync(agent, await Started(agent, broken.Id), 1);
        await Until(pool, never.Id, "cancelled");
    }

    [Fact]
    public async Task Cancelling_stops_what_runs_and_what_waits()
    {
        await using var pool = await TestPool.StartAsync();
        var agent = await pool.NodeAsync("n1");
        var running = await pool.SubmitAsync(Job() with { Claim = new ClaimRequest() });
        var queued = await pool.SubmitAsync(Job() with { Claim = new ClaimRequest() });
        var start = await Started(agent, running.Id);
        await CancelAsync(pool, queued.Id);
        Assert.Equal("cancelled", (await pool.WorkloadAsync(queued.Id)).State);
        await CancelAsync(pool, running.Id);
        await agent.ExpectAsync(message => message.WorkloadStop?.Workload == running.Id);
        await EndedAsync(agent, start, -1, signal: 15);
        await Until(pool, running.Id, "cancelled");
        Assert.Empty(await pool.LeasesAsync());
    }

    [Fact]
    public async Task A_workload_that_its_node_never_got_is_started_again()
    {
        using var folder = new TestFolder();
        await using var pool = await TestPool.StartAsync(folder);
        var agent = await pool.NodeAsync("n1");
        var submitted = await pool.SubmitAsync(Job());
        await Started(agent, submitted.Id);
        await agent.DisconnectAsync();
        agent.Workloads.Clear();
        agent.Received.Clear();
        await agent.ConnectAsync();
        var again = await Started(agent, submitted.Id);
        Assert.Equal(1u, again.Attempt);
        await RunningAsync(agent, again);
        await Until(pool, submitted.Id, "running");

        // One that ran and is gone has failed.
        await agent.DisconnectAsync();
        agent.Workloads.Clear();
        await agent.ConnectAsync();
        await Until(pool, submitted.Id, "failed");
        Assert.Contains("lost it", (await pool.WorkloadAsync(submitted.Id)).Reason);
    }

    [Fact]
    public async Task A_queue_and_what_runs_survive_the_controller()
    {
        using var folder = new TestFolder();
        int port = ControllerProcess.FreePort();
        FakeAgent agent;
        string running;
        string queued;
        using (var controller = await ControllerProcess.StartAsync(folder, port))
        {
            var token = await controller.Client.PostAsync(
                "v1/tokens",
                new TokenRequest("join", null, null),
                RestJson.Default.TokenRequest,
                RestJson.Default.TokenView
            );
            agent = await FakeAgent.JoinAsync(controller.Address, controller.Fingerprint, token.Token, "n1");
            agent.AddDevices(1, 8L << 30, "Model A");
            await agent.ConnectAsync();
            running = await Submit(controller.Client, Job() with { Claim = new ClaimRequest() });
            await RunningAsync(agent, await Started(agent, running));
            queued = await Submit(controller.Client, Job() with { Claim = new ClaimRequest() });
            await LeaseTests.Until(async () => await StateAsync(controller.Client, running) == "running");
            controller.Kill();
        }
        await agent.DisconnectAsync();
        using var second = await ControllerProcess.StartAsync(folder, port);
        await agent.ConnectAsync();
        Assert.Equal("running", await StateAsync(second.Client, running));
        Assert.Equal("queued", await StateAsync(second.Client, queued));
        await EndedAsync(agent, agent.Workloads[running], 0);
        await Started(agent, queued);
        await agent.DisposeAsync();
    }

    [Fact]
    public async Task Impossible_and_foreign_workloads_are_refused()
    {
        await using var pool = await TestPool.StartAsync();
        await pool.NodeAsync("n1");
        await Says(pool, Job() with { Command = [] }, "no command");
        await Says(pool, Job() with { Claim = new ClaimRequest { Count = 9 } }, "are suitable");
        await Says(pool, Job() with { After = ["w-nothing"] }, "no such workload");
        await Says(pool, Job() with { RunOn = "n9" }, "no node");
        await Says(pool, Job() with { Mounts = [new MountView("tape", "/a", "/b", false)] }, "host or nfs");
        using var ann = await pool.UserAsync("ann");
        var refused = await Assert.ThrowsAsync<PoolException>(() =>
            pool.SubmitAsync(Job() with { RunAs = "root" }, ann)
        );
        Assert.Contains("for operators", refused.Message);
    }

    private static WorkloadRequest Job() => new() { Command = ["train", "--fast"], RunOn = "n1" };

    private static async Task Says(TestPool pool, WorkloadRequest request, string says) =>
        Assert.Contains(says, (await Assert.ThrowsAsync<PoolException>(() => pool.SubmitAsync(request))).Message);

    private static async Task<WorkloadStart> Started(FakeAgent agent, string id) =>
        (await agent.ExpectAsync(message => message.WorkloadStart?.Workload == id)).WorkloadStart;

    private static Task RunningAsync(FakeAgent agent, WorkloadStart start) =>
        agent.SayAsync(
            new AgentMessage
            {
                Workload = new WorkloadReport
                {
                    Workload = start.Workload,
                    Attempt = start.Attempt,
                    State = WorkloadState.WorkloadRunning,
                },
            }
        );

    private static Task EndedAsync(FakeAgent agent, WorkloadStart start, int exitCode, int signal = 0)
    {
        agent.Workloads.TryRemove(start.Workload, out _);
        return agent.SayAsync(
            new AgentMessage
            {
                Workload = new WorkloadReport
                {
                    Workload = start.Workload,
                    Attempt = start.Attempt,
                    State = WorkloadState.WorkloadEnded,
                    ExitCode = exitCode,
                    Signal = signal,
                    Reason = "exited",
                },
            }
        );
    }

    private static async Task OutputAsync(FakeAgent agent, WorkloadStart start, ulong offset, string text)
    {
        await agent.SayAsync(
            new AgentMessage
            {
                Output = new WorkloadOutput
                {
                    Workload = start.Workload,
                    Attempt = start.Attempt,
                    Offset = offset,
                    Data = ByteString.CopyFromUtf8(text),
                },
            }
        );
        await agent.ExpectAsync(message => message.OutputAcknowledged?.Offset == offset + (ulong)text.Length);
    }

    private static async Task<string> LogsAsync(TestPool pool, string id, bool follow)
    {
        using var output = new MemoryStream();
        await pool.Client.CopyAsync(
            $"v1/workloads/{id}/output?follow={(follow ? "true" : "false")}",
            output,
            CancellationToken.None
        );
        return Encoding.UTF8.GetString(output.ToArray());
    }

    private static Task Until(TestPool pool, string id, string state) =>
        LeaseTests.Until(async () => (await pool.WorkloadAsync(id)).State == state);

    private static Task<WorkloadView[]> CancelAsync(TestPool pool, string id) =>
        pool.Client.DeleteAsync($"v1/workloads/{id}", RestJson.Default.WorkloadViewArray);

    private static async Task<string> Submit(ControllerClient client, WorkloadRequest request) =>
        (
            await client.PostAsync(
                "v1/workloads",
                request,
                RestJson.Default.WorkloadRequest,
                RestJson.Default.SubmitView
            )
        ).Id;

    private static async Task<string> StateAsync(ControllerClient client, string id) =>
        (await client.GetAsync($"v1/workloads/{id}", RestJson.Default.WorkloadViewArray))[0].State;
}
