using Weir.Devices.Software.Contexts;
using Weir.Devices.Software.Execution;
using Weir.Devices.Software.Handles;
using Weir.Devices.Software.KernelServices;
using Weir.Devices.Software.Memory;
using Weir.Devices.Software.Memory.Residency;
using Weir.Devices.Software.Modules;
using Weir.Devices.Software.Observing;
using Weir.Devices.Software.Statistics;
using Weir.Devices.Software.Textures;

namespace Weir.Devices.Software;

/// <summary>What the parts of one device share.</summary>
internal sealed class SoftwareDevice : IDisposable
{
    // Addresses cost nothing: room for the fragments that fixed addresses leave.
    private const ulong AddressesPerByte = 8;
    private const ulong OwnHostBytes = 64ul << 30;

    public SoftwareDevice(SoftwareDeviceOptions options)
    {
        Options = options;
        ulong rangeBytes = RoundUp(options.MemoryBytes * AddressesPerByte);
        Window =
            options.WindowAddress == 0
                ? AddressWindow.Reserve(rangeBytes, OwnHostBytes)
                : AddressWindow.Adopt(options.WindowAddress, options.WindowBytes, options.WindowDeviceBytes);
        ulong arenaBytes = Math.Min(Window.DeviceBytes, rangeBytes);
        Resident = new ResidentMemory(
            Window.Address,
            arenaBytes,
            options.Arena ?? (options.ArenaBytes is { } own ? new OwnArena(own) : null),
            options.Residency,
            options.Log
        );
        if (options.Observe == ObservationKind.Check)
        {
            Shadow = new AllocationShadow(Window.Address, arenaBytes);
            Findings = new AccessFindings(this);
        }
        Profiles = options.Observe == ObservationKind.Profile ? new LaunchProfiles() : null;
        Memory = new DeviceArena(
            new ArenaBacking(Window.Address, arenaBytes) { Resident = Resident },
            Math.Min(options.MemoryBytes, Window.DeviceBytes),
            options.Ledger
        )
        {
            Shadow = Shadow,
        };
        Virtual = new VirtualMemory(Memory);
        if (Window.OwnsHostPart)
        {
            HostMemory = new DeviceArena(
                new ArenaBacking(Window.Address + Window.DeviceBytes, OwnHostBytes),
                OwnHostBytes
            );
        }
        Scheduler = new Scheduler(options.Cores, options.Share, options.CallerSettles);
    }

    /// <summary>How it was asked to be.</summary>
    public SoftwareDeviceOptions Options { get; }

    /// <summary>What kernels may touch.</summary>
    public AddressWindow Window { get; }

    /// <summary>Device memory.</summary>
    public DeviceArena Memory { get; }

    /// <summary>Which of it is on the device.</summary>
    public ResidentMemory Resident { get; }

    /// <summary>Addresses and memory that programs map themselves.</summary>
    public VirtualMemory Virtual { get; }

    /// <summary>Page-locked host memory, or null when the caller hands it out.</summary>
    public DeviceArena? HostMemory { get; }

    /// <summary>What runs when.</summary>
    public Scheduler Scheduler { get; }

    /// <summary>Texture objects.</summary>
    public TextureTable Textures { get; } = new();

    /// <summary>What has been done.</summary>
    public DeviceCounters Counters { get; } = new();

    /// <summary>Kernels that wait for better code.</summary>
    public KernelImprovements Improvements { get; } = new();

    /// <summary>Which memory is allocated, for checked code; else null.</summary>
    public AllocationShadow? Shadow { get; }

    /// <summary>What checked code has found; null unless it checks.</summary>
    public AccessFindings? Findings { get; }

    /// <summary>What kernels have done; null unless it profiles.</summary>
    public LaunchProfiles? Profiles { get; }

    /// <summary>What kernels have printed.</summary>
    public DeviceOutput Output { get; } = new();

    /// <summary>Contexts by handle.</summary>
    public HandleTable<DeviceContext> Contexts { get; } = new(1);

    /// <summary>Modules by handle.</summary>
    public HandleTable<DeviceModule> Modules { get; } = new(2);

    /// <summary>Kernels by handle.</summary>
    public HandleTable<DeviceKernel> Kernels { get; } = new(3);

    /// <summary>Streams by handle.</summary>
    public HandleTable<DeviceStream> Streams { get; } = new(4);

    /// <summary>Events by handle.</summary>
    public HandleTable<DeviceEvent> Events { get; } = new(5);

    /// <summary>Arrays by handle.</summary>
    public HandleTable<DeviceArray> Arrays { get; } = new(6);

    /// <summary>Links under way by handle.</summary>
    public HandleTable<ModuleLink> Links { get; } = new(7);

    /// <summary>Memory pools by handle.</summary>
    public HandleTable<DevicePool> Pools { get; } = new(8);

    /// <summary>Physical memory by handle.</summary>
    public HandleTable<PhysicalMemory> Physical { get; } = new(9);

    /// <summary>True when [<paramref name="address"/>, + <paramref name="bytes"/>) is device memory that a program has allocated or mapped.</summary>
    public bool HoldsDeviceMemory(ulong address, ulong bytes) =>
        Memory.Find(address) is { } allocation ? allocation.Contains(address, bytes) : Virtual.Holds(address, bytes);

    /// <summary>True for an address of the window's page-locked host memory.</summary>
    public bool HoldsHostMemory(ulong address) =>
        HostMemory is null
            ? address - Window.Address - Options.WindowDeviceBytes < Options.WindowBytes - Options.WindowDeviceBytes
            : HostMemory.Find(address) is not null;

    /// <summary>Tells why something was refused.</summary>
    public void Log(string message) => Options.Log(message);

    /// <inheritdoc/>
    public void Dispose()
    {
        Resident.End();
        foreach (DeviceContext context in Contexts.All)
        {
            context.Stop();
        }
        Scheduler.Dispose();
        foreach (DeviceModule module in Modules.All)
        {
            module.Dispose();
        }
        Textures.Dispose();
        HostMemory?.Dispose();
        Virtual.Dispose();
        Memory.Dispose();
        Shadow?.Dispose();
        Window.Dispose();
    }

    private static ulong RoundUp(ulong bytes) =>
        (bytes + ArenaBacking.ChunkBytes - 1) & ~(ulong)(ArenaBacking.ChunkBytes - 1);
}
