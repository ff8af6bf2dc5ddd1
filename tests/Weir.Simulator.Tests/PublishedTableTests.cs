using Weir.Simulator.Arrival;
using Weir.Simulator.Traces;

namespace Weir.Simulator.Tests;

/// <summary>The published table, reproduced: means over ten seeds beside the published means.</summary>
public class PublishedTableTests
{
    // Where most is decided, and the end; percent of the cluster's compute that has arrived.
    private static readonly int[] Columns = [60, 80, 95, 100, 130];

    public static TheoryData<string, string> Short =>
        new(from policy in PublishedTable.Policies select ("default", policy));

    public static TheoryData<string, string> All =>
        new(from variant in OpenbTrace.Variants from policy in PublishedTable.Policies select (variant, policy));

    [Theory]
    [MemberData(nameof(Short))]
    public void Allocation_on_the_default_trace_is_the_published_one(string variant, string policy) =>
        Compare(variant, policy);

    [Theory(Explicit = true)]
    [MemberData(nameof(All))]
    public void Allocation_on_every_variant_is_the_published_one(string variant, string policy) =>
        Compare(variant, policy);

    private static void Compare(string variant, string policy)
    {
        double tolerance = policy switch
        {
            "fgd" => 0.3,
            "bestfit" => 0.4,
            _ => 1.0,
        };
        var replay = new ArrivalReplay(Openb.Variant(variant));
        ArrivalResult[] results = [.. Enumerable.Range(42, 10).Select(seed => replay.Run(policy, (ulong)seed))];
        double[] allocation = PublishedTable.Allocation(Openb.Folder).Curve(variant, policy)!;
        double[] fragment = PublishedTable.Fragment(Openb.Folder).Curve(variant, policy)!;
        foreach (int column in Columns)
        {
            Assert.Equal(allocation[column], results.Average(result => result.Allocation[column]), tolerance);
            Assert.Equal(fragment[column], results.Average(result => result.Fragment[column]), tolerance);
        }
    }
}
