using Weir.Api;
using Weir.Devices.Software;
using Weir.Devices.Software.Memory.Residency;
using Weir.Devices.Software.Observing;
using Weir.Worker.Logging;
using Weir.Worker.Sessions;
using Weir.Worker.Sharing;

namespace Weir.Worker.Devices;

/// <summary>
/// The device made of software. Its memory must lie in the window of the session, which the client chooses, so the device
/// proper is made when the client is there; one without a window answers for the snapshot before.
/// </summary>
internal sealed class SoftwareBackend : IDeviceBackend
{
    private readonly SoftwareDeviceOptions _options;
    private readonly CompileService _kernels;
    private readonly DevicePageFile? _page;
    private readonly int _share;
    private readonly string? _account;
    private readonly ulong? _arena;
    private ArenaShare? _room;
    private SoftwareDriver? _driver;

    /// <param name="options">What the device shall be.</param>
    /// <param name="kernels">Where kernels are compiled.</param>
    /// <param name="ledger">The session's part of its lease's memory, or null.</param>
    /// <param name="page">The device's page where it is open already.</param>
    /// <exception cref="IOException">The device's page cannot be used.</exception>
    public SoftwareBackend(
        WorkerOptions options,
        CompileService kernels,
        LeaseLedger? ledger = null,
        DevicePageFile? page = null
    )
    {
        _kernels = kernels;
        _share = options.Share;
        _account = options.Account;
        _page = page ?? (options.Arbiter is { } place ? DevicePageFile.Open(place) : null);
        var wanted = new SoftwareDeviceOptions
        {
            Kernels = kernels,
            Log = Log.Error,
            Observe = options.Observe,
        };
        ulong memory = options.MemoryBytes ?? wanted.MemoryBytes;
        _arena = options.ArenaBytes ?? (options.Oversubscription > 1 ? memory : null);
        _options = wanted with
        {
            MemoryBytes = options.Oversubscription > 1 ? (ulong)(memory * options.Oversubscription) : memory,
            Residency = new ResidencyOptions
            {
                HostBytes = options.HostMemoryBytes ?? ulong.MaxValue,
                SpillFolder = options.HostMemoryBytes is null ? null : StateDirectory.Pages,
            },
            Cores = options.Threads ?? wanted.Cores,
            Uuid = options.Uuid,
            Ledger = ledger,
        };
        Slice = new OpenCl.SessionSlice(options.MemoryBytes, ledger);
        using var describing = new SoftwareDriver(_options);
        Snapshot = SnapshotBuilder.Build(describing);
    }

    public string Name => "software";

    public byte[] Snapshot { get; }

    public OpenCl.SessionSlice? Slice { get; }

    // All of the window is reachable for kernels.
    public bool RegistersHostMemory => false;

    public bool PlacesDeviceMemory => true;

    public DeviceCounts Counts =>
        _driver is null
            ? default
            : new DeviceCounts(
                _kernels.Compiled,
                _kernels.FromCache,
                _driver.Statistics.CompileNanoseconds / 1e9,
                (ulong)_driver.Statistics.BusyNanoseconds,
                _driver.Portable.Counters.BroughtBytes,
                _driver.Portable.Counters.TakenBytes,
                (ulong)_driver.Statistics.CopyNanoseconds,
                (ulong)_driver.Statistics.WaitNanoseconds
            );

    public IDeviceBackend Prepare(WorkerOptions options, LeaseLedger? ledger) =>
        new SoftwareBackend(options, _kernels, ledger, _page);

    public IDriver Open(Window window)
    {
        DeviceArbiter? share = _page is null ? null : new DeviceArbiter(_page, _share, _account, _options.Cores);
        _room = _page is null || _arena is null ? null : new ArenaShare(_page, share!.Slot, _arena.Value);
        _driver = new SoftwareDriver(
            _options with
            {
                Arena = _room,
                ArenaBytes = _arena,
                WindowAddress = window.Base,
                // A kernel that touches the client's memory on another node is at an illegal address.
                WindowBytes = window.HostIsElsewhere ? window.DeviceBytes : window.Bytes,
                WindowDeviceBytes = window.DeviceBytes,
                Share = share,
                CallerSettles = true,
            }
        );
        _ = _driver.Init(0);
        return _driver;
    }

    public DeviceObservation? Observation => _driver?.Observation;

    public void Stop()
    {
        _driver?.Dispose();
        _room?.Dispose();
    }
}
