using Weir.Controller.Tests.Support;
using Weir.Protocol.Agents;
using Weir.Protocol.Rest;

namespace Weir.Controller.Tests;

/// <summary>Plans of moves carried out: what waits starts, and what fails on the way leaves everything as it was.</summary>
public class RebalanceTests
{
    [Fact]
    public async Task A_move_makes_room_for_what_waits_and_is_told()
    {
        await using var pool = await TestPool.StartAsync();
        var (agents, moved, wide) = await WaitingForMoveAsync(pool);
        var running = pool.Client.PostAsync("v1/rebalance", RestJson.Default.RebalanceView);
        var command = await CommandAsync(agents, moved);
        Assert.Equal("n1", command.Target.Node);
        // The slices over there are its own before it goes.
        var grant = (await agents["n1"].ExpectAsync(message => message.Grant?.Lease == moved.Id)).Grant;
        Assert.Equal(command.Target.Share.Uuid, grant.Shares[0].Uuid);
        Assert.Equal("queued", (await pool.WorkloadAsync(wide.Id)).State);
        await AnswerAsync(agents["n2"], command, "");
        var move = Assert.Single(Assert.Single((await running).Rooms).Moves);
        Assert.Equal((moved.Id, "moved"), (move.Lease, move.Result));
        await agents["n2"].ExpectAsync(message => message.WorkloadStart?.Workload == wide.Id);
        Assert.Equal("n1", (await pool.LeasesAsync()).Single(one => one.Id == moved.Id).Devices[0].Node);
        await ToldAsync(pool, moved, one => one.Kind == "move");
        Assert.All(agents.Values, agent => Assert.Empty(agent.Overruns));
    }

    [Fact]
    public async Task A_move_that_fails_leaves_everything_as_it_was()
    {
        await using var pool = await TestPool.StartAsync();
        var (agents, moved, wide) = await WaitingForMoveAsync(pool);
        var running = pool.Client.PostAsync("v1/rebalance", RestJson.Default.RebalanceView);
        await AnswerAsync(agents["n2"], await CommandAsync(agents, moved), "its memory cannot leave the device");
        var move = Assert.Single(Assert.Single((await running).Rooms).Moves);
        Assert.Contains("cannot leave the device", move.Result);
        Assert.Equal("n2", (await pool.LeasesAsync()).Single(one => one.Id == moved.Id).Devices[0].Node);
        Assert.Equal("queued", (await pool.WorkloadAsync(wide.Id)).State);
        Assert.Equal(100, (await pool.DevicesAsync()).Where(one => one.Node == "n1").Sum(one => one.ComputeGranted));
        await ToldAsync(pool, moved, one => one.Kind == "stay" && one.Detail.Contains("cannot leave the device"));
        // The device over there is free for others.
        await pool.ClaimAsync(new ClaimRequest { Node = "n1" });
        Assert.All(agents.Values, agent => Assert.Empty(agent.Overruns));
    }

    [Fact]
    public async Task What_has_no_session_is_said_to_stay()
    {
        await using var pool = await TestPool.StartAsync();
        var (_, moved, _) = await WaitingForMoveAsync(pool, isOpen: false);
        var (exitCode, output, _) = await WeirCommand.RunAsync(pool, "rebalance");
        Assert.Equal(1, exitCode);
        Assert.Contains($"{moved.Id}: n2/", output);
        Assert.Contains("it has no session that could be moved", output);
    }

    // Two nodes of two devices, a lease on each, and a workload that needs both devices of n2.
    private static async Task<(Dictionary<string, FakeAgent>, LeaseView, WorkloadView)> WaitingForMoveAsync(
        TestPool pool,
        bool isOpen = true
    )
    {
        Dictionary<string, FakeAgent> agents = new()
        {
            ["n1"] = await pool.NodeAsync("n1", devices: 2),
            ["n2"] = await pool.NodeAsync("n2", devices: 2),
        };
        await pool.Client.PutAsync("v1/pools/default", new PoolView { Policy = "worstfit" }, RestJson.Default.PoolView);
        // One on each; neither was asked to be on that node, so it may leave it.
        LeaseView[] both =
        [
            (await pool.ClaimAsync(new ClaimRequest())).Lease,
            (await pool.ClaimAsync(new ClaimRequest())).Lease,
        ];
        var moved = both.Single(lease => lease.Devices[0].Node == "n2");
        await agents["n2"].ExpectAsync(message => message.Grant?.Lease == moved.Id);
        await agents["n2"].HolderAsync(moved.Id, HolderState.HolderPresent);
        if (isOpen)
        {
            await agents["n2"]
                .SayAsync(
                    new AgentMessage
                    {
                        Session = new SessionReport
                        {
                            Session = "s-1",
                            Lease = moved.Id,
                            Epoch = moved.Epoch,
                            State = SessionState.SessionOpen,
                        },
                    }
                );
            await LeaseTests.Until(async () =>
                (await pool.Client.GetAsync("v1/sessions", RestJson.Default.SessionViewArray)).Length == 1
            );
        }
        var wide = await pool.SubmitAsync(
            SchedulingTests.Job("default") with
            {
                Claim = new ClaimRequest
                {
                    Project = "default",
                    Count = 2,
                    Node = "n2",
                },
            }
        );
        var view = await pool.WorkloadAsync(wide.Id);
        Assert.Equal("queued", view.State);
        return (agents, moved, view);
    }

    // Decisions are written after the answer.
    private static Task ToldAsync(TestPool pool, LeaseView lease, Func<EventView, bool> condition) =>
        LeaseTests.Until(async () => (await SchedulingTests.Explain(pool, lease.Id)).Events.Any(condition));

    private static async Task<SessionCommand> CommandAsync(Dictionary<string, FakeAgent> agents, LeaseView lease) =>
        (
            await agents[lease.Devices[0].Node]
                .ExpectAsync(message => message.Session?.Action == SessionAction.SessionMigrate)
        ).Session;

    private static Task AnswerAsync(FakeAgent agent, SessionCommand command, string refusal) =>
        agent.SayAsync(
            new AgentMessage
            {
                SessionAnswer = new SessionAnswer { Request = command.Request, Refusal = refusal },
            }
        );
}
