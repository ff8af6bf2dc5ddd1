using Weir.Api;
using Weir.Devices.Cuda;
using Weir.Worker.Sessions;

namespace Weir.Worker.Devices;

/// <summary>The machine's own driver.</summary>
internal sealed class CudaBackend(CudaDriver driver) : IDeviceBackend
{
    public string Name => "cuda";

    public byte[] Snapshot { get; } = SnapshotBuilder.Build(driver);

    public bool RegistersHostMemory => true;

    public bool PlacesDeviceMemory => false;

    public DeviceCounts Counts => default;

    // A real driver has its devices; quota and share are the arbiter's.
    public IDeviceBackend Prepare(WorkerOptions options, LeaseLedger? ledger) => this;

    public IDriver Open(Window window) => driver;

    // The driver ends its work with the process.
    public void Stop() { }
}
