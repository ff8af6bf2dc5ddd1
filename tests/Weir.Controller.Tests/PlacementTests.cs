using FsCheck;
using FsCheck.Fluent;
using Weir.Controller.Placement;

namespace Weir.Controller.Tests;

/// <summary>Best fit as a pure function.</summary>
public class PlacementTests
{
    private const long GiB = 1L << 30;

    [Fact]
    public void A_small_slice_fills_a_device_that_is_begun()
    {
        var placed = Placed([Room("a", "n1", free: 100), Room("b", "n1", free: 60)], new Demand(1, 50));
        Assert.Equal("b", Assert.Single(placed).Uuid);
    }

    [Fact]
    public void Several_slices_go_to_one_node_when_one_has_them()
    {
        var placed = Placed(
            [
                Room("a", "n1", free: 50),
                Room("b", "n2"),
                Room("c", "n2"),
                Room("d", "n3"),
                Room("e", "n3"),
                Room("f", "n3"),
            ],
            new Demand(2, 50)
        );
        Assert.Equal(["n2", "n2"], placed.Select(slice => slice.Node));
        Assert.Equal([0, 1], placed.Select(slice => slice.Ordinal));
    }

    [Fact]
    public void Slices_go_to_several_nodes_when_none_has_all()
    {
        var placed = Placed([Room("a", "n1"), Room("b", "n2"), Room("c", "n2")], new Demand(3, 100));
        Assert.Equal(3, placed.Select(slice => slice.Uuid).Distinct().Count());
    }

    [Fact]
    public void Without_memory_a_slice_has_the_same_share_of_it_as_of_compute()
    {
        Assert.Equal(4 * GiB, Assert.Single(Placed([Room("a", "n1", memory: 8 * GiB)], new Demand(1, 50))).Memory);
    }

    [Theory]
    [InlineData(100, 9, "largest device")]
    [InlineData(100, null, "")]
    public void What_no_device_has_is_impossible_and_what_is_taken_is_not(int compute, int? gib, string says)
    {
        var decision = BestFit.Decide([Room("a", "n1", free: 10)], new Demand(1, compute, gib * GiB));
        if (gib is null)
        {
            Assert.IsType<Decision.NoRoom>(decision);
        }
        else
        {
            Assert.Contains(says, Assert.IsType<Decision.Impossible>(decision).Why);
        }
    }

    [Fact]
    public void Devices_that_are_away_make_it_wait_and_not_impossible()
    {
        Assert.IsType<Decision.NoRoom>(
            BestFit.Decide([Room("a", "n1") with { Placeable = false }], new Demand(1, 100))
        );
        Assert.IsType<Decision.Impossible>(BestFit.Decide([Room("a", "n1")], new Demand(2, 100)));
        Assert.IsType<Decision.Impossible>(BestFit.Decide([], new Demand(1, 100)));
    }

    [Fact]
    public void Over_commit_of_memory_makes_no_slice_larger_than_its_device()
    {
        var room = Room("a", "n1") with { MemoryLimit = 16 * GiB, MemoryFree = 16 * GiB };
        Assert.IsType<Decision.Impossible>(BestFit.Decide([room], new Demand(1, 100, 9 * GiB)));
    }

    [Fact]
    public void Constraints_choose_the_device()
    {
        DeviceRoom[] rooms = [Room("a", "n1", memory: 8 * GiB), Room("b", "n2", memory: 24 * GiB, model: "Big Model")];
        Assert.Equal("b", Assert.Single(Placed(rooms, new Demand(1, 10, Model: "big"))).Uuid);
        Assert.Equal("b", Assert.Single(Placed(rooms, new Demand(1, 10, MinimumMemory: 16 * GiB))).Uuid);
        Assert.Equal("b", Assert.Single(Placed(rooms, new Demand(1, 10, Node: "n2"))).Uuid);
        Assert.Equal("b", Assert.Single(Placed(rooms, new Demand(1, 10, Uuids: ["B"]))).Uuid);
    }

    [Fact]
    public void What_is_placed_always_fits_and_the_same_question_has_the_same_answer()
    {
        var rooms = Gen.Choose(0, 100).SelectMany(free => Gen.Choose(0, 8).Select(memory => (free, memory))).ListOf(12);
        var demands = Gen.Choose(1, 4).SelectMany(count => Gen.Choose(1, 100).Select(compute => (count, compute)));
        Prop.ForAll(
                Arb.From(rooms),
                Arb.From(demands),
                (free, demand) =>
                {
                    DeviceRoom[] devices =
                    [
                        .. free.Select(
                            (one, i) =>
                                Room($"d{i}", $"n{i % 3}", free: one.free) with
                                {
                                    MemoryFree = one.memory * GiB,
                                }
                        ),
                    ];
                    var asked = new Demand(demand.count, demand.compute);
                    var decision = BestFit.Decide(devices, asked);
                    if (decision is not Decision.Placed placed)
                    {
                        int fits = devices.Count(device =>
                            device.ComputeFree >= asked.Compute && device.MemoryFree >= asked.MemoryOn(device.Memory)
                        );
                        return fits < asked.Count;
                    }
                    var again = Assert.IsType<Decision.Placed>(BestFit.Decide(devices, asked));
                    return placed.Slices.Count == asked.Count
                        && placed.Slices.Select(slice => slice.Uuid).Distinct().Count() == asked.Count
                        && placed.Slices.SequenceEqual(again.Slices)
                        && placed.Slices.All(slice =>
                        {
                            var device = devices.Single(device => device.Uuid == slice.Uuid);
                            return slice.Compute <= device.ComputeFree && slice.Memory <= device.MemoryFree;
                        });
                }
            )
            .Check(Config.QuickThrowOnFailure.WithReplay(20261121, 7).WithMaxTest(300));
    }

    private static IReadOnlyList<Weir.Protocol.Rest.SliceView> Placed(DeviceRoom[] rooms, Demand demand) =>
        Assert.IsType<Decision.Placed>(BestFit.Decide(rooms, demand)).Slices;

    private static DeviceRoom Room(
        string uuid,
        string node,
        int free = 100,
        long memory = 8 * GiB,
        string model = "Model A"
    ) => new(uuid, node, model, memory, 100, memory, free, memory, true);
}
