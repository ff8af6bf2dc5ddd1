using FsCheck;
using FsCheck.Fluent;
using Weir.Scheduling.Cluster;
using Weir.Scheduling.Fragmentation;
using Weir.Scheduling.Placement;

namespace Weir.Scheduling.Tests;

/// <summary>Promises of the cluster's state and of every placement policy, over long random histories.</summary>
public class ClusterStateTests
{
    public static TheoryData<string> Policies => [.. PlacementPolicies.Names];

    [Fact]
    public void Undo_restores_the_state_exactly()
    {
        Check.One(
            Histories.Config(60),
            Prop.ForAll(
                Histories.Seeds(),
                seed =>
                {
                    var history = new RandomHistory((ulong)seed);
                    history.Run(80);
                    history.State.Commit();
                    string before = history.Fingerprint();
                    int checkpoint = history.State.Checkpoint;
                    history.Run(120, commit: false);
                    history.State.Undo(checkpoint);
                    return before == history.Fingerprint() && ClusterAudit.Find(history.State) is null;
                }
            )
        );
    }

    [Theory]
    [MemberData(nameof(Policies))]
    public void Kept_figures_and_scores_equal_those_rebuilt_from_nothing(string policy)
    {
        Check.One(
            Histories.Config(25),
            Prop.ForAll(
                Histories.Seeds(),
                seed =>
                {
                    var history = new RandomHistory((ulong)seed, policy);
                    for (int round = 0; round < 12; round++)
                    {
                        history.Run(20);
                        Assert.Null(ClusterAudit.Find(history.State));
                        history.AssertScoresAreFresh();
                    }
                }
            )
        );
    }

    [Theory]
    [MemberData(nameof(Policies))]
    public void Equal_seeds_give_equal_results(string policy)
    {
        for (ulong seed = 1; seed <= 5; seed++)
        {
            var first = new RandomHistory(seed, policy);
            var second = new RandomHistory(seed, policy);
            first.Run(200);
            second.Run(200);
            Assert.Equal(first.Fingerprint(), second.Fingerprint());
        }
    }

    [Fact]
    public void No_device_is_promised_beyond_its_capacity()
    {
        var models = new NameTable();
        var state = new ClusterState([new NodeConfig("n", 4000, 1024, 2, "A") { DeviceMemoryMib = 100 }], models);
        var half = new TaskShape(100, 10, 1, 500, 60);
        int slot = state.Place(0, half, 1);
        Assert.Throws<InvalidOperationException>(() => state.Place(0, half, 1));
        Assert.Throws<InvalidOperationException>(() => state.Place(0, half, 3));
        Assert.Throws<InvalidOperationException>(() => state.Place(0, half with { CpuMilli = 5000 }, 2));
        Assert.Null(ClusterAudit.Find(state));
        state.Release(slot);
        Assert.Throws<InvalidOperationException>(() => state.Release(slot));
        Assert.Equal(0, state.UsedMilli);
    }

    [Theory]
    [InlineData(-1, 0, 0, 0)]
    [InlineData(0, -1, 0, 0)]
    [InlineData(0, 0, 65, 1000)]
    [InlineData(0, 0, -1, 1000)]
    [InlineData(0, 0, 1, 1001)]
    [InlineData(0, 0, 1, 0)]
    public void Senseless_demands_are_refused(int cpu, int memory, int devices, int milli) =>
        Assert.Throws<ArgumentException>(() => new TaskShape(cpu, memory, devices, milli).Check());

    [Fact]
    public void Fragmentation_is_what_the_definition_says()
    {
        Check.One(
            Histories.Config(40),
            Prop.ForAll(
                Histories.Seeds(),
                seed =>
                {
                    var history = new RandomHistory((ulong)seed);
                    history.Run(100);
                    double plain = 0;
                    for (int node = 0; node < history.State.NodeCount; node++)
                    {
                        plain += PlainFragment(history, node);
                    }
                    Assert.Equal(plain, history.Meter.FragmentMilli, 1e-6);
                }
            )
        );
    }

    private static double PlainFragment(RandomHistory history, int node)
    {
        ClusterState state = history.State;
        int[] free =
        [
            .. state
                .DevicesFree(node)
                .ToArray()
                .Select((left, device) => (state.Usable(node) >> device & 1) != 0 ? left : 0),
        ];
        double sum = 0;
        foreach (TypicalTask task in history.Typical)
        {
            bool fits =
                task.Shape.Devices > 0
                && (task.Shape.Models >> state.Model(node) & 1) != 0
                && state.CpuFree(node) >= task.Shape.CpuMilli
                && free.Count(left => left >= task.Shape.ComputeMilli) >= task.Shape.Devices;
            sum += task.Count * (double)free.Where(left => !fits || left < task.Shape.ComputeMilli).Sum();
        }
        return sum / history.Meter.Table.Weight;
    }
}
