using Weir.Devices.Software.Memory.Portability;
using Weir.Devices.Software.Memory.Residency;
using Weir.Devices.Software.Native;
using Weir.Devices.Software.Tests.Support;

namespace Weir.Devices.Software.Tests.Memory.Residency;

public sealed class OversubscriptionTests
{
    private const int MiB = 1 << 20;
    private const ulong Arena = 32 * MiB;

    public static TheoryData<ResidencyOptions> Ways =>
        [
            new ResidencyOptions(),
            new ResidencyOptions { MovesPages = false },
            new ResidencyOptions { HostBytes = 8 * MiB, SpillFolder = Path.GetTempPath() },
            new ResidencyOptions { Changes = ChangeMethod.Faults },
        ];

    [Theory]
    [MemberData(nameof(Ways), DisableDiscoveryEnumeration = true)]
    public void One_program_uses_more_memory_than_its_device_has(ResidencyOptions way)
    {
        using MemoryPlace place = new();
        using TestDevice device = Open(place, way);
        Assert.SkipUnless(CanFault, "this machine does not let a process serve its own page faults (userfaultfd)");
        nint add = device.Function(device.Load(KernelTexts.Add), "add");
        // Twice what the device has, in four parts.
        ulong[] parts = [.. Enumerable.Range(0, 4).Select(_ => device.Allocate(16 * MiB))];
        using ArenaWatch watch = new(Arena, (place.Address, 128 * MiB, device));
        for (uint part = 0; part < parts.Length; part++)
        {
            TestDevice.Check(device.Driver.MemsetD32(parts[part], part * 100, 4 * MiB));
        }
        for (int round = 0; round < 3; round++)
        {
            foreach (ulong part in parts)
            {
                TestDevice.Check(device.Launch(add, 16 * 1024, 256, 0, part, 2));
                TestDevice.Check(device.Launch(add, 16 * 1024, 256, 0, part, 3));
            }
        }
        for (uint part = 0; part < parts.Length; part++)
        {
            Assert.Equal(-1, device.Read<uint>(parts[part], 4 * MiB).AsSpan().IndexOfAnyExcept(part * 100 + 15));
        }
        Assert.True(device.Driver.Portable.Counters.TakenBytes > 0);
        Assert.True(device.Driver.Portable.ResidentBytes <= Arena);
        foreach (ulong part in parts)
        {
            TestDevice.Check(device.Driver.MemFree(part));
        }
        Assert.Equal(0ul, device.Driver.Portable.AbsentBytes);
        watch.Stop();
    }

    [Fact]
    public void More_than_the_device_has_is_restored_and_the_source_is_not_needed_after_that()
    {
        Assert.SkipUnless(CanFault, "this machine does not let a process serve its own page faults (userfaultfd)");
        using MemoryPlace place = new();
        using TestDevice device = Open(place, new ResidencyOptions());
        ulong memory = device.Allocate(48 * MiB);
        TestDevice.Check(device.Driver.MemsetD32(memory, 0x0102_0304, 12 * MiB));
        MemoryImage image = new();
        SavedMemory saved = device.Driver.Portable.Save(image, isStill: true);
        Assert.Equal(24, saved.WrittenPieces);
        device.Driver.Portable.Discard();
        Assert.Equal(0ul, device.Driver.Portable.ResidentBytes);
        device.Driver.Portable.Restore(image, saved.Pieces, isLazy: false);
        image.BeforeRead = _ => Assert.Fail("the source was told that it is not needed any more");
        Assert.Equal(-1, device.Read<uint>(memory, 12 * MiB).AsSpan().IndexOfAnyExcept(0x0102_0304u));
        Assert.True(device.Driver.Portable.ResidentBytes <= Arena);
    }

    [Fact]
    public void The_garbage_collector_does_not_wait_for_memory_that_another_thread_brings()
    {
        Assert.SkipUnless(CanFault, "this machine does not let a process serve its own page faults (userfaultfd)");
        using MemoryPlace place = new();
        using TestDevice device = Open(place, new ResidencyOptions());
        ulong[] parts = [.. Enumerable.Range(0, 4).Select(_ => device.Allocate(16 * MiB))];
        bool isDone = false;
        Thread collecting = new(() =>
        {
            while (!Volatile.Read(ref isDone))
            {
                GC.Collect();
                // Often, but not always: one collection after the other would leave nobody the time to serve a fault.
                Thread.Sleep(1);
            }
        });
        collecting.Start();
        try
        {
            for (int round = 0; round < 3; round++)
            {
                for (int part = 0; part < 4; part++)
                {
                    TestDevice.Check(device.Driver.MemsetD16(parts[part], (ushort)(0x0102 + part), 8 * MiB));
                    TestDevice.Check(device.Driver.MemcpyDtoD(parts[(part + 1) % 4], parts[part], 16 * MiB));
                    Assert.Equal(
                        -1,
                        device
                            .Read<ushort>(parts[(part + 1) % 4], 8 * MiB)
                            .AsSpan()
                            .IndexOfAnyExcept((ushort)(0x0102 + part))
                    );
                }
            }
        }
        finally
        {
            Volatile.Write(ref isDone, true);
            collecting.Join();
        }
    }

    [Fact]
    public void Memory_that_fits_is_never_moved_and_costs_no_fault()
    {
        using MemoryPlace place = new();
        using TestDevice device = Open(place, new ResidencyOptions());
        nint add = device.Function(device.Load(KernelTexts.Add), "add");
        ulong memory = device.Allocate((nuint)Arena - 4 * MiB);
        TestDevice.Check(device.Driver.MemsetD32(memory, 1, 7 * MiB));
        TestDevice.Check(device.Launch(add, 28 * 1024, 256, 0, memory, 2));
        Assert.Equal(-1, device.Read<uint>(memory, 7 * MiB).AsSpan().IndexOfAnyExcept(3u));
        Assert.Equal(0, device.Driver.Portable.Counters.Faults);
        Assert.Equal(0ul, device.Driver.Portable.Counters.TakenBytes);
    }

    [Fact]
    public void Without_page_faults_memory_that_does_not_fit_is_refused()
    {
        using MemoryPlace place = new();
        using TestDevice device = Open(place, new ResidencyOptions { UsesFaults = false });
        _ = device.Allocate(16 * MiB);
        unsafe
        {
            ulong address;
            Assert.Equal(Weir.Api.CuResult.OutOfMemory, device.Driver.MemAlloc(&address, 24 * MiB));
        }
        Assert.Contains("page faults", device.Log, StringComparison.Ordinal);
        _ = device.Allocate(8 * MiB);
    }

    private static bool CanFault
    {
        get
        {
            using UserFaults? faults = UserFaults.Open(0);
            return faults is not null;
        }
    }

    private static TestDevice Open(MemoryPlace place, ResidencyOptions way) =>
        place.Open(options => options with { ArenaBytes = Arena, Residency = way }, memoryBytes: 2 * Arena);
}
