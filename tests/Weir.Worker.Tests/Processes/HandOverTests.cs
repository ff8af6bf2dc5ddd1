using Weir.Api;
using Weir.Wire;
using Weir.Worker.Tests.Support;
using Libc = Weir.Posix.Libc;

namespace Weir.Worker.Tests.Processes;

/// <summary>A worker that dies between being given a client and serving it: the client must not notice.</summary>
public class HandOverTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);
    private static readonly ulong s_context = Handle.Pack(0, 0, (uint)HandleKind.Context, 0);

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task A_client_whose_worker_dies_before_it_answers_is_given_to_another(int deaths)
    {
        using var run = WeirRun.Start();
        int broker = BrokerOf(run);
        int stopped = StopNext(broker, []);
        List<int> dead = [];
        Task<WireClient> attaching = Task.Run(
            () => WireClient.Attach(run.SocketName),
            TestContext.Current.CancellationToken
        );
        for (int death = 1; death <= deaths; death++)
        {
            // A new worker is prepared only when the client has been given to the one before, which cannot take it.
            int next = death < deaths ? StopNext(broker, [.. dead, stopped]) : Next(broker, [.. dead, stopped]);
            Assert.False(attaching.IsCompleted);
            Assert.Equal(0, Libc.kill(stopped, Libc.SIGKILL));
            dead.Add(stopped);
            stopped = next;
        }
        using WireClient client = await attaching.WaitAsync(s_patience, TestContext.Current.CancellationToken);
        Assert.DoesNotContain(client.WorkerId, dead);
        Assert.Equal(CuResult.Success, client.Call(Op.CtxCreate, 0, s_context, 0, 0));
        Assert.Equal(CuResult.Success, client.Call(Op.CtxSynchronize, s_context));
        client.Dispose();
        run.Finish();
        ProcessTable.AssertEnd(broker);
    }

    [Fact]
    public async Task A_client_that_no_worker_survives_is_turned_away_and_others_are_served()
    {
        using var run = WeirRun.Start();
        int broker = BrokerOf(run);
        int stopped = StopNext(broker, []);
        List<int> dead = [];
        using WireClient unlucky = WireClient.Connect(run.SocketName);
        Task greeting = Task.Run(() => unlucky.Greet(WireClient.NewHello()), TestContext.Current.CancellationToken);
        while (!greeting.IsCompleted && dead.Count < 100)
        {
            int next = StopNext(broker, [.. dead, stopped]);
            Assert.Equal(0, Libc.kill(stopped, Libc.SIGKILL));
            dead.Add(stopped);
            ProcessTable.AssertEnd(stopped);
            stopped = next;
            _ = await Task.WhenAny(greeting, Task.Delay(100, TestContext.Current.CancellationToken));
        }
        Assert.InRange(dead.Count, 2, 20);
        Exception refusal = await Assert.ThrowsAnyAsync<Exception>(() => greeting);
        Assert.Contains("closed without an answer", refusal.Message);
        Assert.Equal(0, Libc.kill(stopped, Libc.SIGKILL));
        using WireClient other = WireClient.Attach(run.SocketName);
        Assert.Equal(CuResult.Success, other.Call(Op.CtxCreate, 0, s_context, 0, 0));
    }

    private static int BrokerOf(WeirRun run)
    {
        using var client = WireClient.Attach(run.SocketName);
        int broker = ProcessTable.ParentOf(client.WorkerId);
        int worker = client.WorkerId;
        _ = Next(broker, [worker]);
        client.Dispose();
        ProcessTable.AssertEnd(worker);
        return broker;
    }

    // The broker's idle worker that is none of those; waits until there is one.
    private static int Next(int broker, int[] others)
    {
        for (int attempt = 0; attempt < 3000; attempt++)
        {
            if (ProcessTable.ChildrenOf(broker).Except(others).FirstOrDefault() is > 0 and int worker)
            {
                return worker;
            }
            Thread.Sleep(10);
        }
        Assert.Fail("no worker was prepared");
        return 0;
    }

    private static int StopNext(int broker, int[] others)
    {
        const int SIGSTOP = 19;
        int worker = Next(broker, others);
        Assert.Equal(0, Libc.kill(worker, SIGSTOP));
        return worker;
    }
}
