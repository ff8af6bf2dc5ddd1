using System.Diagnostics;
using Weir.Agent.Tests.Support;
using Weir.Worker.Tests.Support;

namespace Weir.Agent.Tests;

/// <summary>Figures for the README, asserted nowhere: run them with --long.</summary>
public class Figures(ITestOutputHelper output)
{
    private const int Attaches = 21;

    [Fact(Explicit = true)]
    public void Attach_to_a_prewarmed_worker()
    {
        using var run = AgentRun.Start(1, config => config with { Prewarm = 2 });
        using OperatorClient op = run.Operator();
        using TestHolder holder = TestHolder.Hold(run, op.Grant("l-1", 1, op.Devices(), 256 << 20));
        double[] times = new double[Attaches];
        for (int i = 0; i < Attaches; i++)
        {
            AgentRun.Becomes(() => run.Workers().Count == 2, "two workers are there");
            Thread.Sleep(1500);
            long start = Stopwatch.GetTimestamp();
            using WireClient client = holder.Attach();
            times[i] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        }
        Array.Sort(times);
        output.WriteLine($"attach: median {times[Attaches / 2]:0.0} ms, worst {times[^1]:0.0} ms of {Attaches}");
    }

    [Fact(Explicit = true)]
    public void Processor_time_of_an_idle_agent()
    {
        using var run = AgentRun.Start(8);
        using OperatorClient op = run.Operator();
        using TestHolder holder = TestHolder.Hold(run, op.Grant("l-1", 1, op.Devices().Take(1), 64 << 20));
        using WireClient client = holder.Attach();
        Thread.Sleep(5000);
        var start = Stopwatch.StartNew();
        run.Process.Refresh();
        TimeSpan before = run.Process.TotalProcessorTime;
        for (int i = 0; i < 6; i++)
        {
            _ = op.Usage();
            Thread.Sleep(5000);
        }
        run.Process.Refresh();
        double share = (run.Process.TotalProcessorTime - before) / start.Elapsed * 100;
        output.WriteLine($"idle agent: {share:0.00} % of a core with a heartbeat every 5 s, 8 devices, 1 session");
        output.WriteLine($"resident: {run.Process.WorkingSet64 >> 20} MiB");
    }
}
