using Weir.Worker.Sessions;

namespace Weir.Worker.Tests.Sessions;

public sealed class DeputyTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    [Fact]
    public void A_task_that_does_not_end_is_stepped_in_for_once()
    {
        using var steppedIn = new SemaphoreSlim(0);
        int times = 0;
        var deputy = new Deputy(() =>
        {
            Interlocked.Increment(ref times);
            _ = steppedIn.Release();
            return true;
        });
        for (int task = 1; task <= 3; task++)
        {
            deputy.Begin();
            Assert.True(steppedIn.Wait(s_patience, TestContext.Current.CancellationToken));
            // Long enough for the deputy to have gone to sleep, now and then.
            Thread.Sleep(20 * task);
            Assert.Equal(task, Volatile.Read(ref times));
        }
    }

    [Fact]
    public void Who_finds_nobody_is_asked_again()
    {
        using var asked = new SemaphoreSlim(0);
        var deputy = new Deputy(() =>
        {
            _ = asked.Release();
            return false;
        });
        deputy.Begin();
        Assert.True(asked.Wait(s_patience, TestContext.Current.CancellationToken));
        Assert.True(asked.Wait(s_patience, TestContext.Current.CancellationToken));
        deputy.End();
    }

    [Fact]
    public void Every_one_of_many_short_and_some_endless_tasks_is_seen()
    {
        using var steppedIn = new SemaphoreSlim(0);
        int task = 0;
        bool isEndless = false;
        var deputy = new Deputy(() =>
        {
            if (Volatile.Read(ref isEndless))
            {
                _ = steppedIn.Release();
                return true;
            }
            return false;
        });
        for (int round = 0; round < 20; round++)
        {
            for (int i = 0; i < 1000; i++)
            {
                deputy.Begin();
                task++;
                deputy.End();
            }
            Thread.Sleep(round % 4 * 15);
            Volatile.Write(ref isEndless, true);
            deputy.Begin();
            Assert.True(
                steppedIn.Wait(s_patience, TestContext.Current.CancellationToken),
                $"nobody stepped in in round {round}"
            );
            Volatile.Write(ref isEndless, false);
        }
    }
}
