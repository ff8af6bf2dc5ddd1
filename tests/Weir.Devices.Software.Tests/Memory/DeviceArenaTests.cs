using System.Runtime.InteropServices;
using Weir.Devices.Software.Memory;

namespace Weir.Devices.Software.Tests.Memory;

public sealed unsafe class DeviceArenaTests : IDisposable
{
    private const ulong Limit = 64 << 20;

    private readonly AddressWindow window = AddressWindow.Reserve(8 * Limit, 2 << 20);
    private readonly DeviceArena arena;

    public DeviceArenaTests() => arena = new DeviceArena(new ArenaBacking(window.Address, 8 * Limit), Limit);

    [Fact]
    public void Memory_is_writable_and_the_limit_holds()
    {
        DeviceAllocation all = arena.Allocate(Limit, this)!;
        new Span<byte>((void*)all.Address, (int)Limit).Fill(1);
        Assert.Null(arena.Allocate(1, this));
        Assert.NotNull(arena.Free(all.Address));
        Assert.Equal(0ul, arena.UsedBytes);
        Assert.NotNull(arena.Allocate(Limit, this));
    }

    [Fact]
    public void Freed_pages_are_released()
    {
        DeviceAllocation big = arena.Allocate(32 << 20, this)!;
        new Span<byte>((void*)big.Address, 32 << 20).Fill(1);
        Assert.True(ResidentPages(big) > 0);
        arena.Free(big);
        Assert.Equal(0, ResidentPages(big));
        DeviceAllocation one = arena.Allocate(100 << 10, this)!;
        DeviceAllocation two = arena.Allocate(100 << 10, this)!;
        new Span<byte>((void*)one.Address, 100 << 10).Fill(1);
        new Span<byte>((void*)two.Address, 100 << 10).Fill(1);
        arena.Free(one);
        Assert.True(ResidentPages(one) <= 1, "only the page that both share may stay");
        Assert.Equal(1, *(byte*)two.Address);
    }

    [Fact]
    public void Only_the_start_of_a_live_allocation_can_be_freed()
    {
        DeviceAllocation one = arena.Allocate(1000, this)!;
        Assert.Null(arena.Free(one.Address + 256));
        Assert.Null(arena.Free(0x1000));
        Assert.NotNull(arena.Free(one.Address));
        Assert.Null(arena.Free(one.Address));
    }

    [Fact]
    public void Addresses_inside_are_found_and_others_are_not()
    {
        DeviceAllocation[] many = [.. Enumerable.Range(1, 3000).Select(size => arena.Allocate((ulong)size * 7, this)!)];
        DeviceAllocation big = arena.Allocate(5 << 20, this)!;
        foreach (DeviceAllocation one in many)
        {
            Assert.Same(one, arena.Find(one.Address));
            Assert.Same(one, arena.Find(one.Address + one.SizeBytes - 1));
        }
        Assert.Same(big, arena.Find(big.Address + (4 << 20)));
        arena.Free(many[1500]);
        Assert.Null(arena.Find(many[1500].Address + 3));
        Assert.Null(arena.Find(arena.Address + arena.SizeBytes - 1));
        Assert.Null(arena.Find(arena.Address + arena.SizeBytes));
    }

    [Fact]
    public void Everything_of_an_owner_is_freed_together()
    {
        object other = new();
        arena.Allocate(1 << 20, this);
        arena.Allocate(100, this);
        DeviceAllocation kept = arena.Allocate(100, other)!;
        arena.FreeAll(this);
        Assert.Equal(kept.ReservedBytes, arena.UsedBytes);
        Assert.Same(kept, Assert.Single(arena.Snapshot()));
    }

    public void Dispose()
    {
        arena.Dispose();
        window.Dispose();
    }

    private static int ResidentPages(DeviceAllocation allocation)
    {
        const ulong Page = 4096;
        ulong start = allocation.Address & ~(Page - 1);
        byte[] pages = new byte[(allocation.Address + allocation.SizeBytes - start + Page - 1) / Page];
        fixed (byte* states = pages)
        {
            Assert.Equal(0, MinCore((nint)start, (nuint)pages.Length * (nuint)Page, states));
        }
        return pages.Count(state => (state & 1) != 0);
    }

    [DllImport("libc", EntryPoint = "mincore")]
    private static extern int MinCore(nint address, nuint length, byte* states);
}
