using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Weir.Kernels.Ptx;
using Weir.Oracle;
using Xunit;

namespace Weir.Conformance.Tests;

/// <summary>Properties of random kernels; the seed is fixed, so every run tries the same ones.</summary>
public class RandomKernelTests
{
    public static TheoryData<KernelTraits> Kinds =>
        [
            KernelTraits.Divergence | KernelTraits.Memory,
            KernelTraits.Divergence | KernelTraits.Tangles,
            KernelTraits.Divergence | KernelTraits.Barriers | KernelTraits.Memory,
            KernelTraits.Divergence | KernelTraits.Barriers | KernelTraits.EarlyReturns,
            KernelTraits.Divergence | KernelTraits.WarpOperations,
            KernelTraits.Divergence
                | KernelTraits.Tangles
                | KernelTraits.EarlyReturns
                | KernelTraits.Barriers
                | KernelTraits.WarpOperations
                | KernelTraits.Memory,
        ];

    /// <summary>A kernel without races gives the same result in whatever order its threads run.</summary>
    [Theory]
    [MemberData(nameof(Kinds))]
    public void Order_of_threads_does_not_matter(KernelTraits traits) =>
        Check(
            traits,
            20,
            kernel =>
            {
                var module = OracleModule.Parse(kernel.Ptx());
                var run = kernel.Case(0x7000_0000_0000);
                var first = run.RunOnOracle(module);
                var second = run.RunOnOracle(module, lastThreadFirst: true, turnSteps: 3);
                return first.Zip(second, (a, b) => a.AsSpan().SequenceEqual(b)).All(same => same);
            }
        );

    [Theory]
    [MemberData(nameof(Kinds))]
    public void The_front_end_lowers_them(KernelTraits traits) =>
        Check(
            traits,
            30,
            kernel =>
            {
                PtxModule.Parse(Encoding.UTF8.GetBytes(kernel.Ptx())).Lower("random");
                return true;
            }
        );

    /// <summary>Machine code and oracle leave the same bytes in every buffer.</summary>
    [Theory]
    [MemberData(nameof(Kinds))]
    public void Compiled_kernels_give_what_the_oracle_gives(KernelTraits traits) => Check(traits, 15, IsTheOracles);

    /// <summary>Found at random: some lanes were already behind the loop when the others still went round in it.</summary>
    [Fact]
    public void Lanes_meet_behind_a_loop_with_several_entries()
    {
        var tangle = new Tangle([
            new([], ["setp.neu.f32 %p0, %f0, %f0;"], 3),
            new([], ["and.b32 %t0, %r1, 3;", "setp.eq.u32 %p0, %t0, 0;"], 4),
            new([], ["and.pred %p0, %v3, %v1;"], 1),
            new([], ["or.pred %p0, %v3, %v1;"], 4),
            new([], ["and.b32 %t0, %r0, 4;", "setp.eq.u32 %p0, %t0, 1;"], 2),
        ]);
        var meeting = new Lines(["and.b32 %t0, %r6, 1;", "match.all.sync.b32 %r4|%v0, %t0, %mask0;"]);
        var vote = new Lines(["vote.sync.ballot.b32 %r6, %v3, %mask1;"]);
        Assert.True(
            IsTheOracles(new RandomKernel(new Dim3(1), new Dim3(32), Seed: 509395944, [vote, tangle, meeting]))
        );
    }

    [Theory(Explicit = true)]
    [MemberData(nameof(Kinds))]
    public void Many_compiled_kernels_give_what_the_oracle_gives(KernelTraits traits) =>
        Check(traits, 500, IsTheOracles, seed: 4711);

    private static bool IsTheOracles(RandomKernel kernel)
    {
        var difference = Comparison.Difference(kernel.Case);
        Assert.True(difference is null, difference);
        return true;
    }

    private static void Check(KernelTraits traits, int count, Func<RandomKernel, bool> holds, ulong seed = 20261121)
    {
        var generator = Gen.Choose(0, int.MaxValue).Select(seed => new RandomKernelGenerator(seed, traits).Make());
        var kernels = Arb.ToArbitrary(generator, kernel => RandomKernelShrinker.Smaller(kernel));
        Prop.ForAll(kernels, holds).Check(Config.QuickThrowOnFailure.WithMaxTest(count).WithReplay(seed, 7));
    }
}
