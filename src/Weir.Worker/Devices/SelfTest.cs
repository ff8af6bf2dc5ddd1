using Weir.Api;
using Weir.Worker.Brokering;
using Weir.Worker.Sessions;

namespace Weir.Worker.Devices;

/// <summary>
/// Does a device do what devices do? Writes patterns to its memory, moves them within it and compares what comes back.
/// Used before a device that reported a fault serves sessions again.
/// </summary>
internal static unsafe class SelfTest
{
    private const int Bytes = 16 << 20;
    private static readonly uint[] s_patterns = [0, 0xffff_ffff, 0x5555_5555, 0xaaaa_aaaa, 0x0123_4567];

    /// <summary>What is wrong with the device, or null.</summary>
    public static string? Run(WorkerOptions options)
    {
        IDeviceBackend? backend = BackendChoice.Open(
            options,
            () => CompilerStart.Start(Environment.ProcessId),
            out string reason
        );
        if (backend is null)
        {
            return reason;
        }
        // 1 GiB at an address that nothing else of this program uses; kernels of the session would share it with a client.
        var window = new Window(0x6000_0000_0000, 1UL << 30);
        if (!Attach.Mapping.TryReserve(window))
        {
            return "the test's addresses are taken";
        }
        try
        {
            Exercise(backend.Open(window));
            return null;
        }
        catch (InvalidOperationException fault)
        {
            return fault.Message;
        }
        finally
        {
            backend.Stop();
        }
    }

    private static void Exercise(IDriver driver)
    {
        nint context;
        ulong first,
            second;
        Check(driver.Init(0), "Init");
        Check(driver.CtxCreate(&context, 0, 0), "CtxCreate");
        Check(driver.MemAlloc(&first, Bytes), "MemAlloc");
        Check(driver.MemAlloc(&second, Bytes), "MemAlloc");
        byte[] read = new byte[Bytes];
        foreach (uint pattern in s_patterns)
        {
            Check(driver.MemsetD32(first, pattern, Bytes / 4), "MemsetD32");
            Check(driver.MemcpyDtoD(second, first, Bytes), "MemcpyDtoD");
            fixed (byte* place = read)
            {
                Check(driver.MemcpyDtoH(place, second, Bytes), "MemcpyDtoH");
                if (new ReadOnlySpan<uint>(place, Bytes / 4).ContainsAnyExcept(pattern))
                {
                    throw new InvalidOperationException($"memory does not keep the pattern {pattern:x8}");
                }
            }
        }
        Check(driver.CtxSynchronize(), "CtxSynchronize");
        Check(driver.CtxDestroy(context), "CtxDestroy");
    }

    private static void Check(CuResult result, string call)
    {
        if (result != CuResult.Success)
        {
            throw new InvalidOperationException($"{call}: {result}");
        }
    }
}
