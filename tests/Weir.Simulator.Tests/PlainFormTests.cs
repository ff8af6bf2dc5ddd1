using System.Diagnostics;
using Weir.Scheduling;
using Weir.Scheduling.Cluster;
using Weir.Scheduling.Fragmentation;
using Weir.Scheduling.Placement;
using Weir.Simulator.Arrival;
using Trace = Weir.Simulator.Traces.Trace;

namespace Weir.Simulator.Tests;

/// <summary>The incremental form decides what the plain form decides.</summary>
public class PlainFormTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData("default", 1UL, 150)]
    [InlineData("gpuspec33", 2UL, 150)]
    [InlineData("multigpu50", 3UL, 150)]
    public void Every_decision_is_the_same_on_part_of_the_cluster(string variant, ulong seed, int nodes) =>
        Compare(variant, seed, nodes);

    [Theory(Explicit = true)]
    [InlineData("default", 42UL)]
    public void Every_decision_is_the_same_on_the_whole_cluster(string variant, ulong seed) =>
        Compare(variant, seed, int.MaxValue);

    private void Compare(string variant, ulong seed, int nodeCount)
    {
        Trace whole = Openb.Variant(variant);
        var shuffle = new SeededRandom(seed);
        NodeConfig[] some = [.. ArrivalProtocol.Nodes(whole, shuffle).Take(nodeCount)];
        var trace = new Trace(whole.Name, some, whole.Models, whole.Tasks, 0);
        int[] arrivals = ArrivalProtocol.Arrivals(trace, 1.3, shuffle);
        TypicalTask[] typical = TypicalTask.Of(trace.Tasks.Select(task => task.Shape), trace.Models);

        long start = Stopwatch.GetTimestamp();
        var plain = new PlainFgd(some, trace.Models, typical);
        (int Node, int[] Free)?[] expected = [.. arrivals.Select(task => plain.Place(trace.Tasks[task].Shape))];
        TimeSpan plainTime = Stopwatch.GetElapsedTime(start);

        start = Stopwatch.GetTimestamp();
        var state = new ClusterState(some, trace.Models);
        var meter = new FragmentationMeter(state, new UsableTable(typical, trace.Models));
        var engine = new PlacementEngine(
            state,
            PlacementPolicies.Create("fgd", new PlacementContext(state, meter, seed))
        );
        for (int i = 0; i < arrivals.Length; i++)
        {
            int slot = engine.TryPlace(engine.Intern(trace.Tasks[arrivals[i]].Shape));
            Assert.Equal(expected[i]?.Node ?? -1, slot < 0 ? -1 : state.PlacementAt(slot).Node);
            if (slot >= 0)
            {
                Assert.Equal(expected[i]!.Value.Free, state.DevicesFree(state.PlacementAt(slot).Node).ToArray());
            }
        }
        TimeSpan incrementalTime = Stopwatch.GetElapsedTime(start);
        Assert.Null(ClusterAudit.Find(state));
        output.WriteLine(
            $"{arrivals.Length} arrivals, {some.Length} nodes: plain {plainTime.TotalMilliseconds:F0} ms, "
                + $"incremental {incrementalTime.TotalMilliseconds:F0} ms, {plainTime / incrementalTime:F0} times as fast"
        );
    }
}
