using Weir.Api;
using Weir.Devices.Software.Observing;
using Weir.Worker.Sessions;

namespace Weir.Worker.Devices;

/// <summary>A kind of device that a worker can serve sessions with: opened in advance, bound to a session later.</summary>
internal interface IDeviceBackend
{
    /// <summary>"software" or "cuda".</summary>
    string Name { get; }

    /// <summary>What clients may know of the devices without asking (SnapshotHeader and what follows).</summary>
    byte[] Snapshot { get; }

    /// <summary>Page-locked host memory has to be registered with the driver.</summary>
    bool RegistersHostMemory { get; }

    /// <summary>Device memory lies in the window's lower half; otherwise anywhere.</summary>
    bool PlacesDeviceMemory { get; }

    /// <summary>
    /// The same device as a slice of it: what a session of a lease may use, known only when it comes. Made from the open
    /// device, so it costs little.
    /// </summary>
    IDeviceBackend Prepare(WorkerOptions options, LeaseLedger? ledger);

    /// <summary>The driver for a session that shares <paramref name="window"/> with its client.</summary>
    IDriver Open(Window window);

    /// <summary>What only the device can count; zeros where it cannot.</summary>
    DeviceCounts Counts { get; }

    /// <summary>What was seen of kernels; null where nobody looks.</summary>
    DeviceObservation? Observation => null;

    /// <summary>What a session may have of the device, for what is not the device's own memory; null: all.</summary>
    OpenCl.SessionSlice? Slice => null;

    /// <summary>Stops what runs; the session is over.</summary>
    void Stop();
}

/// <summary>Counts of a session that the device keeps.</summary>
/// <param name="KernelsCompiled">Kernels compiled anew.</param>
/// <param name="KernelsFromCache">Kernels found compiled on disk.</param>
/// <param name="CompileSeconds">Time that making kernels ready took.</param>
/// <param name="BusyNanoseconds">Time that the device worked.</param>
/// <param name="PagedInBytes">Memory that was brought back to the device.</param>
/// <param name="PagedOutBytes">Memory that was taken off it.</param>
/// <param name="CopyNanoseconds">The part of the busy time that went into copies and fills.</param>
/// <param name="WaitNanoseconds">Time that work waited for cores that other sessions had.</param>
internal readonly record struct DeviceCounts(
    long KernelsCompiled,
    long KernelsFromCache,
    double CompileSeconds,
    ulong BusyNanoseconds,
    ulong PagedInBytes = 0,
    ulong PagedOutBytes = 0,
    ulong CopyNanoseconds = 0,
    ulong WaitNanoseconds = 0
);
