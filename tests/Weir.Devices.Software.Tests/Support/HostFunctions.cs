using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Weir.Devices.Software.Tests.Support;

/// <summary>Functions that tests put into streams: each appends its user data to a list, some wait for a gate first.</summary>
internal sealed unsafe class HostFunctions : IDisposable
{
    private readonly GCHandle self;
    private readonly List<int> order = [];
    private readonly ManualResetEventSlim gate = new();

    public HostFunctions() => self = GCHandle.Alloc(this);

    public int[] Order
    {
        get
        {
            lock (order)
            {
                return [.. order];
            }
        }
    }

    public static nint AppendFunction => (nint)(delegate* unmanaged<nint, void>)&Append;

    public static nint WaitFunction => (nint)(delegate* unmanaged<nint, void>)&Wait;

    public static nint CallbackFunction => (nint)(delegate* unmanaged<nint, int, nint, void>)&Callback;

    /// <summary>User data that appends a number.</summary>
    public void* Data(int number)
    {
        nint* data = (nint*)NativeMemory.Alloc(2, (nuint)sizeof(nint));
        data[0] = GCHandle.ToIntPtr(self);
        data[1] = number;
        return data;
    }

    /// <summary>Lets the waiting ones go on.</summary>
    public void Open() => gate.Set();

    public void Dispose()
    {
        self.Free();
        gate.Dispose();
    }

    [UnmanagedCallersOnly]
    private static void Append(nint data) => Find(data, out int number).Add(number);

    [UnmanagedCallersOnly]
    private static void Wait(nint data)
    {
        HostFunctions functions = Find(data, out int number);
        functions.gate.Wait(TimeSpan.FromSeconds(60));
        functions.Add(number);
    }

    [UnmanagedCallersOnly]
    private static void Callback(nint stream, int status, nint data) => Find(data, out int number).Add(number + status);

    private static HostFunctions Find(nint data, out int number)
    {
        nint* words = (nint*)data;
        number = (int)words[1];
        HostFunctions found = Unsafe.As<HostFunctions>(GCHandle.FromIntPtr(words[0]).Target!);
        NativeMemory.Free(words);
        return found;
    }

    private void Add(int number)
    {
        lock (order)
        {
            order.Add(number);
        }
    }
}
