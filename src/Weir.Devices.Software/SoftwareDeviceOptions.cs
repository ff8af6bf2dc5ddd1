using Weir.Api;
using Weir.Devices.Software.Execution;
using Weir.Devices.Software.Memory;
using Weir.Devices.Software.Memory.Residency;
using Weir.Devices.Software.Modules;
using Weir.Devices.Software.Observing;

namespace Weir.Devices.Software;

/// <summary>How a software device shall be.</summary>
public sealed record SoftwareDeviceOptions
{
    private const ulong MostDefaultBytes = 16ul << 30;

    /// <summary>Where compiled kernels come from.</summary>
    public required IKernelSource Kernels { get; init; }

    /// <summary>Device memory, bytes; by default a quarter of the host's, at most 16 GiB.</summary>
    public ulong MemoryBytes { get; init; } =
        Math.Min(MostDefaultBytes, (ulong)GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 4) & ~0x1f_fffful;

    /// <summary>What others take from the same memory, or null when all of it is this device's.</summary>
    public IMemoryLedger? Ledger { get; init; }

    /// <summary>
    /// The device's memory where it is a cache that sessions share, or that is smaller than <see cref="MemoryBytes"/>; null: all that
    /// is allocated stays on the device.
    /// </summary>
    public IArenaShare? Arena { get; init; }

    /// <summary>
    /// Memory that the device really has, bytes, where it is less than <see cref="MemoryBytes"/> and nobody else's; null: as much.
    /// </summary>
    public ulong? ArenaBytes { get; init; }

    /// <summary>How memory leaves the device and comes back.</summary>
    public ResidencyOptions Residency { get; init; } = new();

    /// <summary>Whom to ask for cores, where others use them too; null when all of <see cref="Cores"/> are this device's.</summary>
    public ICoreShare? Share { get; init; }

    /// <summary>
    /// True when the caller promises <see cref="ISettlingDriver.Settle"/> whenever it has no call to make for a moment: short work is then
    /// left for the calling thread, which mostly waits for it next, instead of waking others for it.
    /// </summary>
    public bool CallerSettles { get; init; }

    /// <summary>Tells this device from others; null for one that is the same on every machine.</summary>
    public Guid? Uuid { get; init; }

    /// <summary>Cores to use; by default all that this process may use.</summary>
    public int Cores { get; init; } = Math.Min(Environment.ProcessorCount, 256);

    /// <summary>
    /// First address of the window that kernels may touch, reserved by the caller without access; 0: the device
    /// reserves one of its own. A multiple of 2 MiB.
    /// </summary>
    public ulong WindowAddress { get; init; }

    /// <summary>Size of the caller's window, bytes.</summary>
    public ulong WindowBytes { get; init; }

    /// <summary>
    /// Size of the part at the start of the caller's window that is device memory, a multiple of 2 MiB; the caller maps
    /// page-locked host memory into the rest.
    /// </summary>
    public ulong WindowDeviceBytes { get; init; }

    /// <summary>
    /// What programs are told the device can do. 8.6: recent enough for PTX of today's compilers, and it keeps
    /// libraries from choosing the instructions of the generations after it (clusters, TMA).
    /// </summary>
    public (int Major, int Minor) ComputeCapability { get; init; } = (8, 6);

    /// <summary>What to look at while kernels run. <see cref="Kernels"/> must give code of the variant that does it.</summary>
    public ObservationKind Observe { get; init; }

    /// <summary>Told, in words, why something was refused or failed.</summary>
    public Action<string> Log { get; init; } = static _ => { };

    /// <summary>
    /// Folder for records of every launch, or null; by default the value of the environment variable
    /// WEIR_RECORD_LAUNCHES. Recording makes launches synchronous and slow.
    /// </summary>
    public string? RecordFolder { get; init; } =
        Environment.GetEnvironmentVariable("WEIR_RECORD_LAUNCHES") is { Length: > 0 } folder ? folder : null;
}
