using Xunit;

namespace Weir.Conformance.Tests;

/// <summary>Compiled CUDA kernels on the oracle; where the answer is short to say in C#, against that.</summary>
public class OracleProgramTests
{
    public static TheoryData<string> Names => [.. KernelPrograms.All.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Runs_to_its_end_and_writes_something(string name)
    {
        var run = KernelPrograms.All[name](0x7000_0000_0000);
        var after = run.RunOnOracle();
        Assert.Contains(run.Buffers, b => !after[run.Buffers.ToList().IndexOf(b)].AsSpan().SequenceEqual(b.Bytes));
    }

    [Fact]
    public void Divergent_loops_leave_at_the_right_time()
    {
        var steps = KernelCase.Values<uint>(Run("collatz")[0]);
        for (var i = 0; i < steps.Length; i++)
        {
            Assert.Equal(Collatz((ulong)i + 1), steps[i]);
        }
    }

    private static uint Collatz(ulong value)
    {
        uint count = 0;
        while (value != 1 && count <= 200)
        {
            if (value % 2 == 0)
            {
                value /= 2;
                count++;
            }
            else
            {
                value = (3 * value) + 1;
                count += value % 5 == 0 ? 2u : 1;
            }
        }
        return value == 1 ? count : uint.MaxValue;
    }

    [Fact]
    public void Shared_and_global_atomics_count_everything()
    {
        var buffers = Run("histogram");
        var expected = new uint[256];
        foreach (var b in buffers[0])
        {
            expected[b]++;
        }
        Assert.Equal(expected, KernelCase.Values<uint>(buffers[1]));
        Assert.Equal(3007u, KernelCase.Values<uint>(buffers[2])[0]); // the initial value of a .global variable, plus n
    }

    [Fact]
    public void Barriers_order_shared_memory()
    {
        var buffers = Run("scan");
        var values = KernelCase.Values<int>(buffers[0]);
        var sums = KernelCase.Values<int>(buffers[1]);
        for (int i = 0, sum = 0; i < values.Length; i++)
        {
            sum = (i % 200 == 0 ? 0 : sum) + values[i];
            Assert.Equal(sum, sums[i]);
        }
        var square = Run("transpose");
        var before = KernelCase.Values<int>(square[0]);
        var after = KernelCase.Values<int>(square[1]);
        Assert.All(Enumerable.Range(0, 900), i => Assert.Equal(before[i], after[(i % 30 * 30) + (i / 30)]));
    }

    [Fact]
    public void Shuffles_and_votes_see_the_whole_warp()
    {
        var scan = Run("warpScan");
        var values = KernelCase.Values<int>(scan[0]);
        var sums = KernelCase.Values<int>(scan[1]);
        var totals = KernelCase.Values<int>(scan[2]);
        for (int i = 0, sum = 0; i < values.Length; i++)
        {
            sum = (i % 32 == 0 ? 0 : sum) + values[i];
            Assert.Equal(sum, sums[i]);
            Assert.Equal(values.Skip(i / 32 * 32).Take(32).Sum(), totals[i]);
        }
        var compact = Run("compact");
        var kept = KernelCase.Values<int>(compact[1]);
        var all = KernelCase.Values<int>(compact[0]);
        for (var warp = 0; warp < all.Length; warp += 32)
        {
            var expected = all.Skip(warp).Take(32).Where(v => v % 3 == 0).ToArray();
            Assert.Equal(expected, kept.Skip(warp).Take(expected.Length));
        }
    }

    [Fact]
    public void Lanes_that_left_a_loop_still_take_part_in_its_votes()
    {
        var buffers = Run("leaving");
        var values = KernelCase.Values<int>(buffers[0]);
        var results = KernelCase.Values<uint>(buffers[1]);
        for (var i = 0; i < values.Length; i++)
        {
            // Blocks of 80: warps of 32, 32 and 16 threads.
            var first = (i / 80 * 80) + (i % 80 / 32 * 32);
            var warp = values
                .Skip(first)
                .Take(Math.Min(32, 80 - (i % 80 / 32 * 32)))
                .Select(v => (uint)v % 23)
                .ToArray();
            var mine = (uint)values[i] % 23;
            uint expected = 0;
            for (uint round = 0; round < mine; round++)
            {
                expected += (uint)warp.Count(left => left > round) * (round + 1);
            }
            Assert.Equal(expected + warp.Max(), results[i]);
        }
    }

    [Fact]
    public void Device_functions_take_and_give_structures()
    {
        var before = KernelCase.Values<float>(KernelPrograms.All["calls"](0x7000_0000_0000).Buffers[0].Bytes);
        var after = KernelCase.Values<float>(Run("calls")[0]);
        // Thread 1: cross product with (1, 1, -2), products and differences rounded as compiled (fused).
        Assert.Equal(MathF.FusedMultiplyAdd(before[4], -2f, -before[5]), after[3], 1e-3f);
    }

    private static byte[][] Run(string name) => KernelPrograms.All[name](0x7000_0000_0000).RunOnOracle();
}
