using Weir.Devices.Cuda;
using Weir.Worker.Logging;
using Weir.Worker.Sessions;

namespace Weir.Worker.Devices;

/// <summary>Opens the device that a worker was asked for.</summary>
internal static class BackendChoice
{
    /// <summary>"auto": the real driver where it opens, else the software device. Null when there is none; logged why.</summary>
    public static IDeviceBackend? Open(WorkerOptions options)
    {
        string reason = "";
        if (options.Device != "software")
        {
            if (CudaDriver.TryOpen(out reason) is { } driver)
            {
                return new CudaBackend(driver);
            }
            if (options.Device == "cuda")
            {
                Log.Error($"no device: {reason}");
                return null;
            }
        }
        return new SoftwareBackend(options, new InProcessCompiler());
    }
}
