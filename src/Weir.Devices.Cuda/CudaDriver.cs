using System.Runtime.InteropServices;
using Weir.Api;

namespace Weir.Devices.Cuda;

/// <summary>
/// The CUDA driver API of a real driver. Every method is generated: it calls the function of that name in the driver's
/// library, or answers <see cref="CuResult.NotSupported"/> when the driver is too old to have it.
/// </summary>
public sealed unsafe partial class CudaDriver : IDriver
{
    private readonly nint _library;

    /// <summary>
    /// Opens the machine's driver: the file that the environment variable <c>WEIR_CUDA_DRIVER</c> names, whatever it is;
    /// otherwise the first <c>libcuda.so.1</c> in the search path that is not Weir's own.
    /// </summary>
    /// <param name="reason">Why there is none; empty when there is one.</param>
    /// <returns>An initialised driver with at least one device, or null.</returns>
    public static CudaDriver? TryOpen(out string reason)
    {
        string? named = Environment.GetEnvironmentVariable("WEIR_CUDA_DRIVER");
        string? path = string.IsNullOrEmpty(named) ? DriverSearch.Find(DriverSearch.Directories()) : named;
        if (path is null)
        {
            reason = $"no {DriverSearch.FileName} on this machine";
            return null;
        }
        return TryOpen(path, out reason);
    }

    /// <summary>Opens one library, whatever it is.</summary>
    /// <param name="path">File to load.</param>
    /// <param name="reason">Why it cannot be used; empty when it can.</param>
    /// <returns>An initialised driver with at least one device, or null.</returns>
    public static CudaDriver? TryOpen(string path, out string reason)
    {
        nint library;
        try
        {
            library = NativeLibrary.Load(path);
        }
        catch (Exception e) when (e is DllNotFoundException or BadImageFormatException)
        {
            reason = $"{path} cannot be loaded: {e.Message}";
            return null;
        }
        CudaDriver driver = new(library);
        CuResult result = driver.Init(0);
        if (result != CuResult.Success)
        {
            reason = $"{path}: cuInit answers {(int)result} ({result})";
            return null;
        }
        int count = 0;
        result = driver.DeviceGetCount(&count);
        if (result != CuResult.Success || count == 0)
        {
            reason = $"{path}: {count} devices, result {(int)result} ({result})";
            return null;
        }
        reason = "";
        return driver;
    }

    /// <summary>The driver has this function itself.</summary>
    /// <param name="symbol">Exported name, for instance <c>cuMemAlloc_v2</c>.</param>
    public bool Has(string symbol) => Symbol(_library, symbol) is not null;

    private static void* Symbol(nint library, string name) =>
        NativeLibrary.TryGetExport(library, name, out nint address) ? (void*)address : null;
}
