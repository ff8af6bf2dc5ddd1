using System.Text;
using Weir.Api;
using Weir.Devices.Software.Tests.Support;

namespace Weir.Devices.Software.Tests.Contexts;

public sealed unsafe class ContextTests
{
    [Fact]
    public void Nothing_works_before_initialisation_or_without_a_context()
    {
        using SoftwareDriver driver = new(
            new SoftwareDeviceOptions { Kernels = new InProcessKernels(), MemoryBytes = 4 << 20 }
        );
        int count;
        ulong address;
        Assert.Equal(CuResult.NotInitialized, driver.DeviceGetCount(&count));
        Assert.Equal(CuResult.NotInitialized, driver.MemAlloc(&address, 4));
        Assert.Equal(CuResult.InvalidValue, driver.Init(1));
        TestDevice.Check(driver.Init(0));
        TestDevice.Check(driver.DeviceGetCount(&count));
        Assert.Equal(1, count);
        Assert.Equal(CuResult.InvalidContext, driver.MemAlloc(&address, 4));
        Assert.Equal(CuResult.InvalidContext, driver.CtxSynchronize());
        int device;
        Assert.Equal(CuResult.InvalidDevice, driver.DeviceGet(&device, 1));
        Assert.Equal(CuResult.InvalidDevice, driver.CtxCreate((nint*)&address, 0, 1));
    }

    [Fact]
    public void Contexts_stand_on_a_stack_per_thread()
    {
        using TestDevice device = new();
        nint second;
        nint current;
        TestDevice.Check(device.Driver.CtxCreate(&second, 0, 0));
        TestDevice.Check(device.Driver.CtxGetCurrent(&current));
        Assert.Equal(second, current);
        TestDevice.Check(device.Driver.CtxPopCurrent(&current));
        Assert.Equal(second, current);
        TestDevice.Check(device.Driver.CtxGetCurrent(&current));
        Assert.Equal(device.Context, current);
        TestDevice.Check(device.Driver.CtxPushCurrent(second));
        TestDevice.Check(device.Driver.CtxDestroy(second));
        TestDevice.Check(device.Driver.CtxGetCurrent(&current));
        Assert.Equal(device.Context, current);
        Assert.Equal(CuResult.InvalidContext, device.Driver.CtxDestroy(second));
        Assert.Equal(CuResult.InvalidContext, device.Driver.CtxSetCurrent(second));
        nint other = 1;
        Thread thread = new(() =>
        {
            nint own;
            TestDevice.Check(device.Driver.CtxGetCurrent(&own));
            other = own;
        });
        thread.Start();
        thread.Join();
        Assert.Equal(0, other);
    }

    [Fact]
    public void What_a_context_owns_ends_with_it()
    {
        using TestDevice device = new();
        for (int round = 0; round < 20; round++)
        {
            nint context;
            TestDevice.Check(device.Driver.CtxCreate(&context, 0, 0));
            ulong address = device.Allocate(40 << 20);
            nint stream = device.Stream();
            nint mark = device.Event();
            nint module = device.Load(
                ".version 7.0\n.target sm_70\n.address_size 64\n.visible .global .u32 value = 5;\n"
            );
            TestDevice.Check(device.Driver.MemsetD8Async(address, 1, 40 << 20, stream));
            TestDevice.Check(device.Driver.CtxDestroy(context));
            Assert.Equal(CuResult.InvalidHandle, device.Driver.StreamSynchronize(stream));
            Assert.Equal(CuResult.InvalidHandle, device.Driver.EventQuery(mark));
            Assert.Equal(CuResult.InvalidHandle, device.Driver.ModuleUnload(module));
            Assert.Equal(0, device.Driver.Statistics.MemoryBytes);
        }
    }

    [Fact]
    public void The_primary_context_is_counted()
    {
        using TestDevice device = new();
        uint flags;
        int active;
        nint one;
        nint two;
        TestDevice.Check(device.Driver.DevicePrimaryCtxSetFlags(0, 4));
        TestDevice.Check(device.Driver.DevicePrimaryCtxGetState(0, &flags, &active));
        Assert.Equal((4u, 0), (flags, active));
        TestDevice.Check(device.Driver.DevicePrimaryCtxRetain(&one, 0));
        TestDevice.Check(device.Driver.DevicePrimaryCtxRetain(&two, 0));
        Assert.Equal(one, two);
        Assert.Equal(CuResult.InvalidContext, device.Driver.CtxDestroy(one));
        TestDevice.Check(device.Driver.DevicePrimaryCtxRelease(0));
        TestDevice.Check(device.Driver.DevicePrimaryCtxGetState(0, &flags, &active));
        Assert.Equal(1, active);
        TestDevice.Check(device.Driver.CtxSetCurrent(one));
        TestDevice.Check(device.Driver.DevicePrimaryCtxRelease(0));
        ulong address;
        Assert.Equal(CuResult.ContextIsDestroyed, device.Driver.MemAlloc(&address, 4));
        Assert.Equal(CuResult.InvalidContext, device.Driver.DevicePrimaryCtxRelease(0));
    }

    [Fact]
    public void The_device_describes_itself()
    {
        using TestDevice device = new(cores: 2);
        byte* name = stackalloc byte[64];
        TestDevice.Check(device.Driver.DeviceGetName(name, 64, 0));
        Assert.Equal("Weir software device (2 cores)", Encoding.UTF8.GetString(new Span<byte>(name, 64)).TrimEnd('\0'));
        TestDevice.Check(device.Driver.DeviceGetName(name, 5, 0));
        Assert.Equal("Weir\0"u8, new Span<byte>(name, 5));
        int cores;
        TestDevice.Check(device.Driver.DeviceGetAttribute(&cores, CUdevice_attribute.MultiprocessorCount, 0));
        Assert.Equal(2, cores);
        Assert.Equal(CuResult.InvalidValue, device.Driver.DeviceGetAttribute(&cores, (CUdevice_attribute)100000, 0));
        nuint bytes;
        TestDevice.Check(device.Driver.DeviceTotalMem(&bytes, 0));
        Assert.Equal(64u << 20, (uint)bytes);
        CUuuid one;
        CUuuid two;
        TestDevice.Check(device.Driver.DeviceGetUuid(&one, 0));
        TestDevice.Check(device.Driver.DeviceGetUuid(&two, 0));
        Assert.Equal(new Span<byte>(&one, 16), new Span<byte>(&two, 16));
    }
}
