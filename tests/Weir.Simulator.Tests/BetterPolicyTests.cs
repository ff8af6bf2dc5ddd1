using Weir.Simulator.Arrival;
using Weir.Simulator.Traces;

namespace Weir.Simulator.Tests;

/// <summary>The project's own policies beside FGD, on seeds that were not used to find their weights.</summary>
public class BetterPolicyTests(ITestOutputHelper output)
{
    // 42 to 51 are the published ones; those used in the search lie at 1000 and above.
    private const int FirstSeed = 100;

    public static TheoryData<string> Variants => [.. OpenbTrace.Variants];

    [Theory]
    [InlineData("default")]
    [InlineData("multigpu40")]
    public void Balanced_beats_FGD_in_short(string variant) => Compare(variant, 5);

    [Theory(Explicit = true)]
    [MemberData(nameof(Variants))]
    public void Balanced_beats_FGD_on_every_variant(string variant) => Compare(variant, 20);

    [Fact]
    public void Repacking_moves_few_tasks_and_leaves_less_idle_than_balanced()
    {
        var replay = new ArrivalReplay(Openb.Variant("default"));
        double idle = 0;
        double balancedIdle = 0;
        for (ulong seed = FirstSeed; seed < FirstSeed + 4; seed++)
        {
            ArrivalResult repacked = replay.Run("repacking", seed);
            Assert.True(repacked.Moves <= 0.05 * repacked.Placed);
            Assert.True(repacked.CpuOnlyPlaced >= replay.Run("fgd", seed).CpuOnlyPlaced);
            idle += repacked.IdleDevices;
            balancedIdle += replay.Run("balanced", seed).IdleDevices;
        }
        output.WriteLine($"idle devices: repacking {idle / 4:F0}, balanced {balancedIdle / 4:F0}");
        Assert.True(idle < balancedIdle);
    }

    private void Compare(string variant, int seeds)
    {
        var replay = new ArrivalReplay(Openb.Variant(variant));
        double[] gains = new double[seeds];
        int cpuOnly = 0;
        for (int i = 0; i < seeds; i++)
        {
            ArrivalResult fgd = replay.Run("fgd", (ulong)(FirstSeed + i));
            ArrivalResult balanced = replay.Run("balanced", (ulong)(FirstSeed + i));
            gains[i] = balanced.FinalAllocation - fgd.FinalAllocation;
            cpuOnly += balanced.CpuOnlyPlaced - fgd.CpuOnlyPlaced;
        }
        double mean = gains.Average();
        double deviation = Math.Sqrt(gains.Sum(gain => (gain - mean) * (gain - mean)) / (seeds - 1));
        // Student's t for 95 % on both sides: 4 and 19 degrees of freedom.
        double half = (seeds == 20 ? 2.093 : 2.776) * deviation / Math.Sqrt(seeds);
        output.WriteLine(
            $"{variant}: {mean:F2} ± {half:F2} points, CPU-only tasks {cpuOnly / (double)seeds:+0.0;-0.0;0}"
        );
        Assert.True(mean >= 0.2, $"{mean:F2} points more than FGD");
        Assert.True(mean - half > 0, $"{mean:F2} ± {half:F2}");
        Assert.True(cpuOnly >= 0, $"{-cpuOnly} tasks without devices fewer than FGD, over {seeds} seeds");
    }
}
