using System.Diagnostics;
using Weir.Api;
using Weir.Devices.Software;
using Weir.Worker.Brokering;
using Weir.Worker.Devices;
using Weir.Worker.Logging;

namespace Weir.Worker.Measuring;

/// <summary>
/// `weir-worker --measure empty-launch`: what a launch of an empty kernel costs on the software device itself, without a
/// client: the yardstick of posted launches in `weir bench`, timed in the very program that serves clients.
/// </summary>
internal static unsafe class EmptyLaunch
{
    private const int Launches = 1_000_000;
    private const int Repeats = 5;

    /// <summary>Median over the repeats, nanoseconds per launch, the final synchronise included.</summary>
    /// <exception cref="InvalidOperationException">The device refused; says what.</exception>
    public static double Nanoseconds()
    {
        var kernels = new CompileService(() => CompilerStart.Start(Environment.ProcessId));
        using var driver = new SoftwareDriver(new SoftwareDeviceOptions { Kernels = kernels, Log = Log.Error });
        Check(driver.Init(0), "Init");
        nint context,
            module,
            kernel;
        Check(driver.CtxCreate(&context, 0, 0), "CtxCreate");
        ReadOnlySpan<byte> text = ".version 7.0\n.target sm_70\n.address_size 64\n.visible .entry empty() { ret; }\0"u8;
        fixed (byte* image = text)
        {
            Check(driver.ModuleLoadData(&module, image), "ModuleLoadData");
        }
        fixed (byte* name = "empty\0"u8)
        {
            Check(driver.ModuleGetFunction(&kernel, module, name), "ModuleGetFunction");
        }
        Run(driver, kernel, 1); // compiles
        double[] samples = new double[Repeats];
        for (int i = 0; i < Repeats; i++)
        {
            long start = Stopwatch.GetTimestamp();
            Run(driver, kernel, Launches);
            samples[i] = Stopwatch.GetElapsedTime(start).TotalNanoseconds / Launches;
        }
        Array.Sort(samples);
        return samples[Repeats / 2];
    }

    private static void Run(SoftwareDriver driver, nint kernel, int launches)
    {
        for (int i = 0; i < launches; i++)
        {
            Check(driver.LaunchKernel(kernel, 1, 1, 1, 1, 1, 1, 0, 0, null, null), "LaunchKernel");
        }
        Check(driver.CtxSynchronize(), "CtxSynchronize");
    }

    private static void Check(CuResult result, string call)
    {
        if (result != CuResult.Success)
        {
            throw new InvalidOperationException($"{call}: {result}");
        }
    }
}
