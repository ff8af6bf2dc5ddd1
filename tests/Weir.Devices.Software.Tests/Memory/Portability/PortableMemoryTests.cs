using Weir.Api;
using Weir.Devices.Software.Memory.Portability;
using Weir.Devices.Software.Memory.Residency;
using Weir.Devices.Software.Native;
using Weir.Devices.Software.Tests.Support;

namespace Weir.Devices.Software.Tests.Memory.Portability;

public sealed unsafe class PortableMemoryTests : IDisposable
{
    private const int MiB = 1 << 20;

    private readonly MemoryPlace place = new();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public static TheoryData<ChangeMethod, bool> Ways
    {
        get
        {
            TheoryData<ChangeMethod, bool> all = [];
            foreach (ChangeMethod method in Enum.GetValues<ChangeMethod>())
            {
                all.Add(method, true);
                all.Add(method, false);
            }
            return all;
        }
    }

    public void Dispose() => place.Dispose();

    [Theory]
    [MemberData(nameof(Ways))]
    public void Content_comes_back_on_another_device_at_the_same_addresses(ChangeMethod method, bool isLazy)
    {
        MemoryImage image = new();
        byte[] large = Noise(9 * MiB, 1);
        byte[] small = Noise(1000, 2);
        ulong[] placed;
        ulong first,
            second,
            untouched;
        SavedMemory saved;
        using (TestDevice device = place.Open(With(method)))
        {
            Assert.Empty(device.Driver.Portable.TakePlaced());
            ulong gap = device.Allocate(3 * MiB);
            first = device.Allocate((nuint)large.Length);
            second = device.Allocate((nuint)small.Length);
            untouched = device.Allocate(8 * MiB);
            TestDevice.Check(device.Driver.MemFree(gap));
            device.Write<byte>(first, large);
            device.Write<byte>(second, small);
            placed = device.Driver.Portable.TakePlaced();
            Assert.Equal([gap, first, second, untouched], placed);
            saved = device.Driver.Portable.Save(image);
            Assert.Equal(saved.Pieces, image.Written);
            Assert.DoesNotContain(saved.Pieces, piece => piece >= untouched && piece < untouched + 8 * MiB);
        }
        using TestDevice next = place.Open(With(method));
        next.Driver.Portable.Place(placed.AsSpan(1));
        Assert.Equal(first, next.Allocate((nuint)large.Length));
        Assert.Equal(second, next.Allocate((nuint)small.Length));
        Assert.Equal(untouched, next.Allocate(8 * MiB));
        using ManualResetEventSlim loaded = new();
        Exception? problem = null;
        next.Driver.Portable.Restore(
            image,
            saved.Pieces,
            isLazy,
            failure =>
            {
                problem = failure;
                loaded.Set();
            }
        );
        Assert.Equal(small, next.Read<byte>(second, small.Length));
        Assert.Equal(large, next.Read<byte>(first, large.Length));
        Assert.Equal(new byte[MiB], next.Read<byte>(untouched + MiB, MiB));
        Assert.True(loaded.Wait(TimeSpan.FromSeconds(60), Cancelled));
        Assert.Null(problem);
    }

    [Theory]
    [InlineData(ChangeMethod.Noted)]
    [InlineData(ChangeMethod.Faults)]
    [InlineData(ChangeMethod.Hashes)]
    public void Only_what_was_written_is_saved_again(ChangeMethod method)
    {
        using TestDevice device = place.Open(With(method));
        nint add = device.Function(device.Load(KernelTexts.Add), "add");
        ulong memory = device.Allocate(32 * MiB);
        byte[] content = Noise(32 * MiB, 3);
        device.Write<byte>(memory, content);
        MemoryImage image = new();
        SavedMemory first = device.Driver.Portable.Save(image);
        Assert.Equal(16, first.WrittenPieces);
        image.Written.Clear();
        SavedMemory second = device.Driver.Portable.Save(image, first.Mark, isStill: true);
        Assert.Empty(image.Written);
        Assert.Equal(first.Pieces, second.Pieces);

        // By a kernel, by a copy at the seam of two pieces, by a fill of one byte, by a copy of what was there.
        TestDevice.Check(device.Launch(add, 1, 32, 0, memory + 3 * MiB, 5));
        device.Write<byte>(memory + 10 * MiB - 2, [1, 2, 3, 4]);
        TestDevice.Check(device.Driver.MemsetD8(memory + 20 * MiB, 7, 1));
        TestDevice.Check(device.Driver.CtxSynchronize());
        ulong later = device.Allocate(2 * MiB);
        device.Write<byte>(later, Noise(MiB, 4));
        SavedMemory third = device.Driver.Portable.Save(image, second.Mark);
        ulong[] expected = [memory + 2 * MiB, memory + 8 * MiB, memory + 10 * MiB, memory + 20 * MiB, later];
        Assert.Equal(expected.Order(), image.Written.Order());

        // A mark from before still means what it meant.
        image.Written.Clear();
        _ = device.Driver.Portable.Save(image, first.Mark);
        Assert.Equal(expected.Order(), image.Written.Order());

        // And what was saved in three steps is what is there.
        byte[] now = device.Read<byte>(memory, 32 * MiB);
        device.Driver.Portable.Discard();
        device.Driver.Portable.Restore(image, third.Pieces, isLazy: true);
        Assert.Equal(now, device.Read<byte>(memory, 32 * MiB));
    }

    [Fact]
    public void What_the_system_offers_is_used()
    {
        using UserFaults? faults = UserFaults.Open(0);
        ulong features = faults?.Features ?? 0;
        Dictionary<ChangeMethod, ChangeMethod> expected = new()
        {
            [ChangeMethod.Hashes] = ChangeMethod.Hashes,
            [ChangeMethod.Faults] =
                (features & UserFaults.WriteProtectFaults) != 0 ? ChangeMethod.Faults : ChangeMethod.Hashes,
        };
        expected[ChangeMethod.Noted] = expected[ChangeMethod.Best] =
            (features & UserFaults.WriteProtectAsync) != 0 ? ChangeMethod.Noted : expected[ChangeMethod.Faults];
        foreach ((ChangeMethod wished, ChangeMethod used) in expected)
        {
            using TestDevice device = new(change: With(wished));
            Assert.Equal(used, device.Driver.Portable.Changes);
        }
        using TestDevice without = new(change: options =>
            options with
            {
                Residency = new ResidencyOptions { UsesFaults = false },
            }
        );
        Assert.Equal(ChangeMethod.Hashes, without.Driver.Portable.Changes);
        Assert.False(without.Driver.Portable.Release());
    }

    [Theory]
    [InlineData(ChangeMethod.Noted)]
    [InlineData(ChangeMethod.Faults)]
    [InlineData(ChangeMethod.Hashes)]
    public void The_program_may_write_while_memory_is_saved(ChangeMethod method)
    {
        using TestDevice device = place.Open(With(method));
        nint add = device.Function(device.Load(KernelTexts.Add), "add");
        ulong memory = device.Allocate(16 * MiB);
        TestDevice.Check(device.Driver.MemsetD32(memory, 1, 4 * MiB));
        MemoryImage image = new();
        SavedMemory saved = device.Driver.Portable.Save(image);
        nint stream = device.Stream(1);
        for (int round = 0; round < 4; round++)
        {
            for (int launch = 0; launch < 3; launch++)
            {
                TestDevice.Check(device.Launch(add, 16 * 1024, 256, stream, memory, 2));
            }
            saved = device.Driver.Portable.Save(image, saved.Mark);
        }
        TestDevice.Check(device.Driver.CtxSynchronize());
        saved = device.Driver.Portable.Save(image, saved.Mark, isStill: true);
        device.Driver.Portable.Discard();
        device.Driver.Portable.Restore(image, saved.Pieces, isLazy: false);
        uint[] values = device.Read<uint>(memory, 4 * MiB);
        Assert.Equal(-1, values.AsSpan().IndexOfAnyExcept(25u));
    }

    [Fact]
    public void Released_memory_is_off_the_device_and_comes_back_when_it_is_touched()
    {
        using TestDevice device = place.Open();
        nint add = device.Function(device.Load(KernelTexts.Add), "add");
        ulong memory = device.Allocate(16 * MiB);
        ulong small = device.Allocate(100);
        TestDevice.Check(device.Driver.MemsetD32(memory, 40, 4 * MiB));
        device.Write<byte>(small, [1, 2, 3]);
        if (!device.Driver.Portable.Release())
        {
            // Without page faults nothing leaves.
            Assert.Equal(0ul, device.Driver.Portable.AbsentBytes);
            return;
        }
        Assert.Equal(0ul, device.Driver.Portable.ResidentBytes);
        Assert.Equal(0ul, Resident.Bytes(place.Address, 64 * MiB));
        Assert.Equal([1, 2, 3], device.Read<byte>(small, 3));
        Assert.Equal(2ul * MiB, device.Driver.Portable.ResidentBytes);
        TestDevice.Check(device.Launch(add, 16 * 1024, 256, 0, memory, 2));
        Assert.Equal(-1, device.Read<uint>(memory, 4 * MiB).AsSpan().IndexOfAnyExcept(42u));
        Assert.Equal(0ul, device.Driver.Portable.AbsentBytes);
    }

    [Fact]
    public void The_first_touch_comes_before_the_rest()
    {
        using TestDevice device = place.Open();
        ulong memory = device.Allocate(32 * MiB);
        byte[] content = Noise(32 * MiB, 5);
        device.Write<byte>(memory, content);
        MemoryImage image = new();
        SavedMemory saved = device.Driver.Portable.Save(image, isStill: true);
        Assert.SkipUnless(
            device.Driver.Portable.Release(),
            "this machine does not let a process serve its own page faults (userfaultfd)"
        );
        device.Driver.Portable.Discard();
        using ManualResetEventSlim go = new();
        using ManualResetEventSlim loaded = new();
        // The loader stops at its first piece; what is touched comes by another thread.
        image.BeforeRead = address =>
        {
            if (address != memory + 20 * MiB)
            {
                Assert.True(go.Wait(TimeSpan.FromSeconds(60), Cancelled));
            }
        };
        device.Driver.Portable.Restore(image, saved.Pieces, isLazy: true, _ => loaded.Set());
        Assert.Equal(content[(20 * MiB)..(21 * MiB)], device.Read<byte>(memory + 20 * MiB, MiB));
        Assert.False(loaded.IsSet);
        go.Set();
        Assert.True(loaded.Wait(TimeSpan.FromSeconds(60), Cancelled));
        Assert.Equal(content, device.Read<byte>(memory, 32 * MiB));
    }

    [Fact]
    public void What_a_program_maps_itself_comes_back_too()
    {
        using TestDevice device = place.Open();
        _ = device.Driver.Portable.TakePlaced();
        CUmemAllocationProp wanted = new()
        {
            type = 1,
            location = new() { type = CUmemLocation.Device, id = 0 },
        };
        CUmemAccessDesc access = new() { location = wanted.location, flags = 3 };
        nint handle;
        ulong address;
        TestDevice.Check(device.Driver.MemCreate(&handle, 4 * MiB, &wanted, 0));
        TestDevice.Check(device.Driver.MemAddressReserve(&address, 4 * MiB, 0, 0, 0));
        TestDevice.Check(device.Driver.MemMap(address, 4 * MiB, 0, handle, 0));
        TestDevice.Check(device.Driver.MemSetAccess(address, 4 * MiB, &access, 1));
        byte[] content = Noise(2 * MiB, 6);
        device.Write<byte>(address + 2 * MiB, content);
        PortableAllocation one = Assert.Single(device.Driver.Portable.Allocations());
        Assert.Equal(PortableKind.Physical, one.Kind);
        Assert.Equal([one.Address, address], device.Driver.Portable.TakePlaced());
        MemoryImage image = new();
        SavedMemory saved = device.Driver.Portable.Save(image);
        Assert.Equal([one.Address + 2 * MiB], saved.Pieces);
        SavedMemory again = device.Driver.Portable.Save(image, saved.Mark);
        Assert.Equal(0, again.WrittenPieces);
        Assert.Equal(saved.Pieces, again.Pieces);
        device.Driver.Portable.Discard();
        Assert.Equal(new byte[MiB], device.Read<byte>(address + 2 * MiB, MiB));
        device.Driver.Portable.Restore(image, saved.Pieces, isLazy: false);
        Assert.Equal(content, device.Read<byte>(address + 2 * MiB, 2 * MiB));
    }

    [Fact]
    public void A_place_that_is_taken_is_refused()
    {
        using TestDevice device = place.Open();
        ulong memory = device.Allocate(4 * MiB);
        device.Driver.Portable.Place([memory + MiB, memory + 256 * MiB]);
        ulong address;
        Assert.Equal(CuResult.OutOfMemory, device.Driver.MemAlloc(&address, MiB));
        Assert.Equal(memory + 256 * MiB, device.Allocate(MiB));
        Assert.NotEqual(0ul, device.Allocate(MiB));
    }

    [Fact]
    public void A_source_that_fails_is_told_and_memory_it_does_not_have_is_not_zeros()
    {
        using TestDevice device = place.Open();
        ulong memory = device.Allocate(4 * MiB);
        device.Write<byte>(memory, Noise(4 * MiB, 7));
        MemoryImage image = new();
        SavedMemory saved = device.Driver.Portable.Save(image);
        image.BeforeRead = _ => throw new IOException("the disk is gone");
        Assert.Throws<IOException>(() => device.Driver.Portable.Restore(image, saved.Pieces, isLazy: false));
        if (device.Driver.Portable.Changes != ChangeMethod.Hashes)
        {
            Assert.Throws<IOException>(() => device.Driver.Portable.Save(image));
        }
        // The source works again: so does the memory.
        image.BeforeRead = _ => { };
        device.Driver.Portable.Restore(image, saved.Pieces, isLazy: false);
        Assert.Equal(Noise(4 * MiB, 7), device.Read<byte>(memory, 4 * MiB));
    }

    private static Func<SoftwareDeviceOptions, SoftwareDeviceOptions> With(ChangeMethod method) =>
        options => options with { Residency = new ResidencyOptions { Changes = method } };

    private static byte[] Noise(int bytes, int seed)
    {
        byte[] noise = new byte[bytes];
        new Random(seed).NextBytes(noise);
        return noise;
    }
}
