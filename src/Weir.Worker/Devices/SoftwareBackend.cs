using Weir.Api;
using Weir.Devices.Software;
using Weir.Worker.Logging;
using Weir.Worker.Sessions;

namespace Weir.Worker.Devices;

/// <summary>
/// The device made of software. Its memory must lie in the window of the session, which the client chooses, so the device
/// proper is made when the client is there; one without a window answers for the snapshot before.
/// </summary>
internal sealed class SoftwareBackend : IDeviceBackend
{
    private readonly SoftwareDeviceOptions _options;
    private readonly CompileService _kernels;
    private SoftwareDriver? _driver;

    public SoftwareBackend(WorkerOptions options, CompileService kernels, LeaseLedger? ledger = null)
    {
        _kernels = kernels;
        var wanted = new SoftwareDeviceOptions { Kernels = kernels, Log = Log.Error };
        _options = wanted with
        {
            MemoryBytes = options.MemoryBytes ?? wanted.MemoryBytes,
            Cores = options.Threads ?? wanted.Cores,
            Uuid = options.Uuid,
            Ledger = ledger,
        };
        using var describing = new SoftwareDriver(_options);
        Snapshot = SnapshotBuilder.Build(describing);
    }

    public string Name => "software";

    public byte[] Snapshot { get; }

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
                (ulong)_driver.Statistics.BusyNanoseconds
            );

    public IDeviceBackend Prepare(WorkerOptions options, LeaseLedger? ledger) =>
        new SoftwareBackend(options, _kernels, ledger);

    public IDriver Open(Window window)
    {
        _driver = new SoftwareDriver(
            _options with
            {
                WindowAddress = window.Base,
                // A kernel that touches the client's memory on another node is at an illegal address.
                WindowBytes = window.HostIsElsewhere ? window.DeviceBytes : window.Bytes,
                WindowDeviceBytes = window.DeviceBytes,
            }
        );
        _ = _driver.Init(0);
        return _driver;
    }

    public void Stop() => _driver?.Dispose();
}
