using Weir.Api;
using Weir.Wire;
using Weir.Worker.Tests.Support;
using Libc = Weir.Posix.Libc;

namespace Weir.Worker.Tests.Processes;

/// <summary>Who ends when who ends: nothing may be left of a run, whoever is killed, in whatever order.</summary>
public unsafe class LifeCycleTests
{
    private static readonly ulong s_context = Handle.Pack(0, 0, (uint)HandleKind.Context, 0);

    [Fact]
    public void Two_clients_have_a_worker_each()
    {
        using var run = WeirRun.Start();
        using var one = WireClient.Attach(run.SocketName);
        using var two = WireClient.Attach(run.SocketName);
        Assert.NotEqual(one.WorkerId, two.WorkerId);
        Assert.Equal(CuResult.Success, one.Call(Op.CtxCreate, 0, s_context, 0, 0));
        Assert.Equal(CuResult.Success, two.Call(Op.CtxCreate, 0, s_context, 0, 0));
        Assert.Equal(CuResult.Success, one.Call(Op.CtxSynchronize, s_context));
        one.Dispose();
        ProcessTable.AssertEnd(one.WorkerId);
        Assert.Equal(CuResult.Success, two.Call(Op.CtxSynchronize, s_context));
    }

    [Fact]
    public void A_finished_program_leaves_nothing()
    {
        using var run = WeirRun.Start();
        using var client = WireClient.Attach(run.SocketName);
        IReadOnlyList<int> helpers = HelpersOf(client);
        client.Dispose();
        run.Finish();
        ProcessTable.AssertEnd(helpers);
        Assert.False(ProcessTable.SocketExists(run.SocketName));
    }

    [Fact]
    public void A_killed_program_leaves_nothing()
    {
        using var run = WeirRun.Start();
        IReadOnlyList<int> helpers;
        using (var client = WireClient.Attach(run.SocketName))
        {
            helpers = HelpersOf(client);
        }
        run.Kill();
        ProcessTable.AssertEnd(helpers);
        Assert.False(ProcessTable.SocketExists(run.SocketName));
    }

    [Fact]
    public void A_session_outlives_the_main_program_when_its_client_does()
    {
        using var run = WeirRun.Start();
        using var client = WireClient.Attach(run.SocketName);
        IReadOnlyList<int> helpers = HelpersOf(client);
        run.Kill();
        Assert.Equal(CuResult.Success, client.Call(Op.CtxCreate, 0, s_context, 0, 0));
        Assert.Equal(CuResult.Success, client.Call(Op.CtxSynchronize, s_context));
        client.Dispose();
        ProcessTable.AssertEnd(helpers);
    }

    [Fact]
    public void A_killed_broker_takes_idle_workers_along_and_spares_sessions()
    {
        using var run = WeirRun.Start();
        using var client = WireClient.Attach(run.SocketName);
        IReadOnlyList<int> helpers = HelpersOf(client);
        int broker = ProcessTable.ParentOf(client.WorkerId);
        Assert.Equal(0, Libc.kill(broker, Libc.SIGKILL));
        ProcessTable.AssertEnd(helpers.Where(id => id != client.WorkerId));
        Assert.Equal(CuResult.Success, client.Call(Op.CtxCreate, 0, s_context, 0, 0));
        client.Dispose();
        ProcessTable.AssertEnd(client.WorkerId);
        run.Finish();
        Assert.False(ProcessTable.SocketExists(run.SocketName));
    }

    [Fact]
    public void A_killed_worker_is_an_error_for_its_client_and_the_next_client_is_served()
    {
        using var run = WeirRun.Start();
        using var client = WireClient.Attach(run.SocketName);
        Assert.Equal(0, Libc.kill(client.WorkerId, Libc.SIGKILL));
        Assert.Null(client.Call(Op.CtxCreate, 0, s_context, 0, 0));
        string summary = Directory.CreateDirectory($"{WeirRun.State}/weir/sessions").FullName;
        AssertBecomes(() =>
            Directory
                .GetFiles(summary, $"*-{client.WorkerId}.json")
                .Any(file => File.ReadAllText(file).Contains("\"crashed\""))
        );
        using var next = WireClient.Attach(run.SocketName);
        Assert.Equal(CuResult.Success, next.Call(Op.CtxCreate, 0, s_context, 0, 0));
    }

    [Fact]
    public void Idle_workers_that_are_killed_are_replaced()
    {
        using var run = WeirRun.Start();
        int broker;
        using (var client = WireClient.Attach(run.SocketName))
        {
            broker = ProcessTable.ParentOf(client.WorkerId);
        }
        for (int round = 0; round < 3; round++)
        {
            foreach (int worker in ProcessTable.ChildrenOf(broker))
            {
                _ = Libc.kill(worker, Libc.SIGKILL);
            }
            using var client = WireClient.Attach(run.SocketName);
            Assert.Equal(CuResult.Success, client.Call(Op.CtxCreate, 0, s_context, 0, 0));
        }
    }

    [Fact]
    public void A_worker_holds_no_descriptors_but_its_own()
    {
        using var run = WeirRun.Start();
        using var client = WireClient.Attach(run.SocketName);
        Assert.Equal(CuResult.Success, client.Call(Op.CtxCreate, 0, s_context, 0, 0));
        IReadOnlyList<string> descriptors = ProcessTable.Descriptors(client.WorkerId);
        // Pipes of the test's program must not be among them: whoever reads them would wait for the worker's end. One is
        // the worker's own, by which it is told of its session's end.
        Assert.InRange(descriptors.Where(name => name.Contains("pipe:")).Distinct().Count(), 0, 1);
        Assert.Contains("/dev/null", descriptors);
        Assert.InRange(descriptors.Count, 4, 16);
    }

    private static void AssertBecomes(Func<bool> condition)
    {
        for (int attempt = 0; attempt < 3000 && !condition(); attempt++)
        {
            Thread.Sleep(10);
        }
        Assert.True(condition());
    }

    // Broker and all of its workers, when the prewarmed one is there too.
    private static List<int> HelpersOf(WireClient client)
    {
        int broker = ProcessTable.ParentOf(client.WorkerId);
        IReadOnlyList<int> workers = ProcessTable.ChildrenOf(broker);
        for (int attempt = 0; attempt < 1000 && workers.Count < 2; attempt++)
        {
            Thread.Sleep(10);
            workers = ProcessTable.ChildrenOf(broker);
        }
        Assert.Contains(client.WorkerId, workers);
        return [broker, .. workers];
    }
}
