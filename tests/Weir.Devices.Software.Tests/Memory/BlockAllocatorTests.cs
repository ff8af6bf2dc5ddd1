using FsCheck;
using FsCheck.Fluent;
using Weir.Devices.Software.Memory;

namespace Weir.Devices.Software.Tests.Memory;

public sealed class BlockAllocatorTests
{
    private const ulong Start = 1 << 20;
    private const ulong Size = 1 << 24;

    [Fact]
    public void Blocks_never_overlap_and_freeing_all_restores_the_range()
    {
        // A number is a request of so many granules when even, the release of some live block when odd.
        Gen<int[]> steps = Gen.Choose(0, 4000).ArrayOf(200);
        Check.One(
            Config.QuickThrowOnFailure.WithReplay(20260, 3).WithMaxTest(60),
            Prop.ForAll(
                steps.ToArbitrary(),
                actions =>
                {
                    BlockAllocator allocator = new(Start, Size);
                    List<int> live = [];
                    foreach (int action in actions)
                    {
                        if (action % 2 == 1 && live.Count > 0)
                        {
                            int index = action % live.Count;
                            allocator.Free(live[index]);
                            live.RemoveAt(index);
                            continue;
                        }
                        ulong alignment = action % 3 == 0 ? 1ul << 16 : BlockAllocator.Granule;
                        int block = allocator.Allocate((ulong)(action / 2 + 1) * BlockAllocator.Granule, alignment);
                        if (block >= 0)
                        {
                            Assert.Equal(0ul, allocator.StartOf(block) % alignment);
                            live.Add(block);
                        }
                    }
                    ulong end = Start;
                    foreach (int block in live.OrderBy(allocator.StartOf))
                    {
                        Assert.True(allocator.StartOf(block) >= end, "two blocks overlap");
                        end = allocator.StartOf(block) + allocator.SizeOf(block);
                    }
                    Assert.True(end <= Start + Size, "a block lies outside");
                    (ulong, ulong) free = default;
                    live.ForEach(block => free = allocator.Free(block));
                    if (live.Count > 0)
                    {
                        Assert.Equal((Start, Start + Size), free);
                    }
                    Assert.True(allocator.Allocate(Size, BlockAllocator.Granule) >= 0, "the range has fallen apart");
                }
            )
        );
    }

    [Fact]
    public void A_full_range_refuses()
    {
        BlockAllocator allocator = new(Start, Size);
        Assert.True(allocator.Allocate(Size - 256, 256) >= 0);
        Assert.True(allocator.Allocate(256, 256) >= 0);
        Assert.Equal(-1, allocator.Allocate(256, 256));
    }
}
