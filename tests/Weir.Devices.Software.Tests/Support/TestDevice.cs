using System.Text;
using Weir.Api;
using Weir.Devices.Software.Modules;

namespace Weir.Devices.Software.Tests.Support;

/// <summary>A device with a current context, and the calls in the form that tests read best.</summary>
internal sealed unsafe class TestDevice : IDisposable
{
    private readonly List<string> log = [];

    public TestDevice(
        int cores = 2,
        ulong memoryBytes = 64 << 20,
        IKernelSource? kernels = null,
        string? recordFolder = null,
        Func<SoftwareDeviceOptions, SoftwareDeviceOptions>? change = null
    )
    {
        SoftwareDeviceOptions options = new()
        {
            Kernels = kernels ?? new InProcessKernels(),
            Cores = cores,
            MemoryBytes = memoryBytes,
            RecordFolder = recordFolder,
            Log = message =>
            {
                lock (log)
                {
                    log.Add(message);
                }
            },
        };
        Driver = new SoftwareDriver(change?.Invoke(options) ?? options);
        Check(Driver.Init(0));
        nint context;
        Check(Driver.CtxCreate(&context, 0, 0));
        Context = context;
    }

    public SoftwareDriver Driver { get; }

    public nint Context { get; }

    public string Log
    {
        get
        {
            lock (log)
            {
                return string.Join('\n', log);
            }
        }
    }

    public static void Check(CuResult result) => Assert.Equal(CuResult.Success, result);

    public ulong Allocate(nuint bytes)
    {
        ulong address;
        Check(Driver.MemAlloc(&address, bytes));
        return address;
    }

    public nint Stream(uint flags = 0)
    {
        nint stream;
        Check(Driver.StreamCreate(&stream, flags));
        return stream;
    }

    public nint Event(uint flags = 0)
    {
        nint mark;
        Check(Driver.EventCreate(&mark, flags));
        return mark;
    }

    public nint Load(string ptx)
    {
        nint module;
        fixed (byte* text = Encoding.UTF8.GetBytes(ptx + "\0"))
        {
            CuResult result = Driver.ModuleLoadData(&module, text);
            Assert.True(result == CuResult.Success, $"{result}: {Log}");
        }
        return module;
    }

    public nint Function(nint module, string name)
    {
        nint function;
        CuResult result = TryFunction(module, name, &function);
        Assert.True(result == CuResult.Success, $"{result}: {Log}");
        return function;
    }

    public CuResult TryFunction(nint module, string name, nint* function)
    {
        fixed (byte* text = Encoding.UTF8.GetBytes(name + "\0"))
        {
            return Driver.ModuleGetFunction(function, module, text);
        }
    }

    public CuResult Launch(nint function, uint grid, uint block, nint stream, params ReadOnlySpan<ulong> arguments) =>
        Launch(function, grid, block, 0, stream, arguments);

    public CuResult Launch(
        nint function,
        uint grid,
        uint block,
        uint dynamicShared,
        nint stream,
        params ReadOnlySpan<ulong> arguments
    )
    {
        fixed (ulong* packed = arguments)
        {
            nuint size = (nuint)(arguments.Length * sizeof(ulong));
            void** extra = stackalloc void*[] { (void*)1, packed, (void*)2, &size, null };
            return Driver.LaunchKernel(
                function,
                grid,
                1,
                1,
                block,
                1,
                1,
                dynamicShared,
                stream,
                null,
                size == 0 ? null : extra
            );
        }
    }

    public void Write<T>(ulong address, ReadOnlySpan<T> values)
        where T : unmanaged
    {
        fixed (T* source = values)
        {
            Check(Driver.MemcpyHtoD(address, source, (nuint)(values.Length * sizeof(T))));
        }
    }

    public T[] Read<T>(ulong address, int count)
        where T : unmanaged
    {
        T[] values = new T[count];
        fixed (T* target = values)
        {
            Check(Driver.MemcpyDtoH(target, address, (nuint)(count * sizeof(T))));
        }
        return values;
    }

    public void Dispose() => Driver.Dispose();
}
