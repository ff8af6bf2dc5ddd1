using System.Runtime.InteropServices;

namespace Weir.DotnetClient;

/// <summary>Uses the driver API from many threads while this process' own collector runs.</summary>
internal static unsafe partial class Program
{
    private static int s_failures;

    private static int Main()
    {
        nint created;
        Expect(Init(0));
        Expect(CtxCreate(&created, 0, 0));
        nint context = created;
        Thread[] threads = [.. Enumerable.Range(0, 8).Select(number => new Thread(() => Work(context, (byte)number)))];
        Array.ForEach(threads, thread => thread.Start());
        while (threads.Any(thread => thread.IsAlive))
        {
            GC.Collect();
            Thread.Sleep(1);
        }
        Expect(CtxDestroy(context));
        Console.WriteLine(s_failures == 0 ? "dotnet ok" : $"{s_failures} calls failed");
        return s_failures == 0 ? 0 : 1;
    }

    private static void Work(nint context, byte number)
    {
        Expect(CtxSetCurrent(context));
        for (int round = 0; round < 200; round++)
        {
            byte[] data = new byte[10_000];
            ulong address;
            Expect(MemAlloc(&address, (nuint)data.Length));
            Expect(MemsetD8(address, number, (nuint)data.Length));
            fixed (byte* bytes = data)
            {
                Expect(MemcpyDtoH(bytes, address, (nuint)data.Length));
            }
            Expect(MemFree(address));
            if (data.AsSpan().ContainsAnyExcept(number))
            {
                _ = Interlocked.Increment(ref s_failures);
            }
        }
    }

    private static void Expect(int result)
    {
        if (result != 0)
        {
            _ = Interlocked.Increment(ref s_failures);
        }
    }

    [LibraryImport("libcuda.so.1", EntryPoint = "cuInit")]
    private static partial int Init(uint flags);

    [LibraryImport("libcuda.so.1", EntryPoint = "cuCtxCreate_v2")]
    private static partial int CtxCreate(nint* context, uint flags, int device);

    [LibraryImport("libcuda.so.1", EntryPoint = "cuCtxSetCurrent")]
    private static partial int CtxSetCurrent(nint context);

    [LibraryImport("libcuda.so.1", EntryPoint = "cuCtxDestroy_v2")]
    private static partial int CtxDestroy(nint context);

    [LibraryImport("libcuda.so.1", EntryPoint = "cuMemAlloc_v2")]
    private static partial int MemAlloc(ulong* address, nuint bytes);

    [LibraryImport("libcuda.so.1", EntryPoint = "cuMemFree_v2")]
    private static partial int MemFree(ulong address);

    [LibraryImport("libcuda.so.1", EntryPoint = "cuMemsetD8_v2")]
    private static partial int MemsetD8(ulong address, byte value, nuint bytes);

    [LibraryImport("libcuda.so.1", EntryPoint = "cuMemcpyDtoH_v2")]
    private static partial int MemcpyDtoH(void* to, ulong from, nuint bytes);
}
