using System.Runtime.InteropServices;
using Weir.Api;

namespace Weir.Devices.OpenCl;

/// <summary>
/// The machine's OpenCL loader. Every method is generated: it calls the function of that name, or answers
/// <see cref="ClResult.InvalidOperation"/> when the loader is too old to have it.
/// </summary>
public sealed unsafe partial class OpenClLibrary
{
    private const string FileName = "libOpenCL.so.1";

    private readonly nint _library;

    /// <summary>
    /// Opens the file that the environment variable <c>WEIR_OPENCL</c> names, otherwise <c>libOpenCL.so.1</c>; "none" stands for no
    /// file at all.
    /// </summary>
    /// <param name="reason">Why there is none; empty when there is one.</param>
    public static OpenClLibrary? TryOpen(out string reason)
    {
        string? named = Environment.GetEnvironmentVariable("WEIR_OPENCL");
        if (named == "none")
        {
            reason = "WEIR_OPENCL says none";
            return null;
        }
        string path = string.IsNullOrEmpty(named) ? FileName : named;
        try
        {
            reason = "";
            return new OpenClLibrary(NativeLibrary.Load(path));
        }
        catch (Exception e) when (e is DllNotFoundException or BadImageFormatException)
        {
            reason = $"{path} cannot be loaded (Debian: ocl-icd-libopencl1, and a driver such as pocl-opencl-icd)";
            return null;
        }
    }

    private static void* Symbol(nint library, string name) =>
        NativeLibrary.TryGetExport(library, name, out nint address) ? (void*)address : null;
}
