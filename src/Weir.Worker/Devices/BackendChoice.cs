using Weir.Devices.Cuda;
using Weir.Devices.Software.Observing;
using Weir.Kernels.Abi;
using Weir.Worker.Sessions;

namespace Weir.Worker.Devices;

/// <summary>Opens the device that a worker was asked for.</summary>
internal static class BackendChoice
{
    /// <summary>
    /// "auto": the real driver where it opens, else the software device. Null when there is none; <paramref name="reason"/>
    /// says why, or why the real driver is not used.
    /// </summary>
    public static IDeviceBackend? Open(WorkerOptions options, Action startCompiler, out string reason)
    {
        reason = "the software device was asked for";
        if (options.Device != "software" && options.Observe == ObservationKind.None)
        {
            if (CudaDriver.TryOpen(out reason) is { } driver)
            {
                return new CudaBackend(driver);
            }
            if (options.Device == "cuda")
            {
                return null;
            }
        }
        try
        {
            CodeVariant variant = options.Observe switch
            {
                ObservationKind.Check => CodeVariant.Checked,
                ObservationKind.Profile => CodeVariant.Profiled,
                _ => CodeVariant.Plain,
            };
            return new SoftwareBackend(options, new CompileService(startCompiler, variant));
        }
        catch (IOException failure)
        {
            reason = failure.Message;
            return null;
        }
    }
}
