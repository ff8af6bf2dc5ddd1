using Weir.Controller.Placement;

namespace Weir.Controller.Tests;

/// <summary>What people are told of a claim that gets nothing, as a pure function.</summary>
public class PlacementTests
{
    private const long GiB = 1L << 30;

    [Theory]
    [InlineData(100, 9, "largest device")]
    [InlineData(100, null, "")]
    public void What_no_device_has_is_impossible_and_what_is_taken_is_not(int compute, int? gib, string says)
    {
        var why = Suitability.WhyNever([Room("a", "n1", free: 10)], new Demand(1, compute, gib * GiB));
        if (gib is null)
        {
            Assert.Null(why);
        }
        else
        {
            Assert.Contains(says, why);
        }
    }

    [Fact]
    public void Devices_that_are_away_make_it_wait_and_not_impossible()
    {
        DeviceRoom[] away = [Room("a", "n1") with { Placeable = false }];
        Assert.Null(Suitability.WhyNever(away, new Demand(1, 100)));
        Assert.Contains("0 of 1 suitable devices", Suitability.WhyNotNow(away, new Demand(1, 100)));
        Assert.Contains("1 are suitable", Suitability.WhyNever([Room("a", "n1")], new Demand(2, 100)));
        Assert.Contains("no devices", Suitability.WhyNever([], new Demand(1, 100)));
    }

    [Fact]
    public void Over_commit_of_memory_makes_no_slice_larger_than_its_device()
    {
        var room = Room("a", "n1") with { MemoryLimit = 16 * GiB, MemoryFree = 16 * GiB };
        Assert.NotNull(Suitability.WhyNever([room], new Demand(1, 100, 9 * GiB)));
    }

    [Theory]
    [InlineData("big", null, null, null)]
    [InlineData(null, 16 * GiB, null, null)]
    [InlineData(null, null, "n2", null)]
    [InlineData(null, null, null, "B")]
    public void Constraints_choose_the_device(string? model, long? memory, string? node, string? uuid)
    {
        var demand = new Demand(1, 10, null, model, memory, node, uuid is null ? null : [uuid]);
        Assert.False(Suitability.Matches(Room("a", "n1", memory: 8 * GiB), demand));
        Assert.True(Suitability.Matches(Room("b", "n2", memory: 24 * GiB, model: "Big Model"), demand));
    }

    private static DeviceRoom Room(
        string uuid,
        string node,
        int free = 100,
        long memory = 8 * GiB,
        string model = "Model A"
    ) => new(uuid, node, model, memory, 100, memory, free, memory, true);
}
