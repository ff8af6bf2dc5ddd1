using Weir.Api;
using Weir.Devices.Software.Tests.Support;

namespace Weir.Devices.Software.Tests.Faults;

public sealed unsafe class KernelFaultTests : IDisposable
{
    private readonly TestDevice device = new();

    [Theory]
    [InlineData(1u, 0ul)]
    [InlineData(1u, 0x7f00_0000_0000ul)]
    [InlineData(5000u, 0xdead_0000_0000_0000ul)]
    [InlineData(5000u, 16ul)]
    public void A_write_outside_the_window_ends_the_context(uint grid, ulong address)
    {
        nint function = device.Function(device.Load(KernelTexts.Index), "index");
        _ = device.Launch(function, grid, 32, 0, address);
        Assert.Equal(CuResult.IllegalAddress, device.Driver.CtxSynchronize());
        ulong memory;
        Assert.Equal(CuResult.IllegalAddress, device.Driver.MemAlloc(&memory, 4));
        Assert.Equal(CuResult.IllegalAddress, device.Launch(function, 1, 1, 0, address));
        Assert.Contains("index", device.Log);
        TestDevice.Check(device.Driver.CtxDestroy(device.Context));
        nint context;
        TestDevice.Check(device.Driver.CtxCreate(&context, 0, 0));
        function = device.Function(device.Load(KernelTexts.Index), "index");
        memory = device.Allocate(4 * 32);
        TestDevice.Check(device.Launch(function, 1, 32, 0, memory));
        Assert.Equal(31, device.Read<int>(memory, 32)[31]);
    }

    [Theory]
    [InlineData(1u)]
    [InlineData(5000u)]
    public void A_write_into_the_window_where_nothing_is_allocated_ends_the_context(uint grid)
    {
        nint function = device.Function(device.Load(KernelTexts.Index), "index");
        ulong memory = device.Allocate(4);
        _ = device.Launch(function, grid, 32, 0, memory + (256 << 20));
        Assert.Equal(CuResult.IllegalAddress, device.Driver.CtxSynchronize());
        Assert.Contains("IllegalAddress", device.Log);
    }

    [Fact]
    public void A_misaligned_write_has_its_own_error()
    {
        nint function = device.Function(device.Load(KernelTexts.Index), "index");
        _ = device.Launch(function, 1, 32, 0, device.Allocate(4096) + 2);
        Assert.Equal(CuResult.MisalignedAddress, device.Driver.CtxSynchronize());
    }

    [Fact]
    public void A_trap_has_its_own_error_and_the_log_names_its_line()
    {
        // The kernel stands behind another one: the line is that of the module, not of what was compiled.
        string text = KernelTexts.Index + "\n.visible .entry halt()\n{\ntrap;\nret;\n}\n";
        int line = text[..text.IndexOf("trap;", StringComparison.Ordinal)].Count(one => one == '\n') + 1;
        _ = device.Launch(device.Function(device.Load(text), "halt"), 10, 32, 0);
        Assert.Equal(CuResult.LaunchFailed, device.Driver.CtxSynchronize());
        Assert.Equal(CuResult.LaunchFailed, device.Driver.StreamSynchronize(0));
        Assert.Contains($"'halt': Trap at PTX line {line},", device.Log);
    }

    [Fact]
    public void A_fault_leaves_other_contexts_alone()
    {
        nint second;
        TestDevice.Check(device.Driver.CtxCreate(&second, 0, 0));
        _ = device.Launch(device.Function(device.Load(KernelTexts.Trap), "halt"), 1, 1, 0);
        Assert.Equal(CuResult.LaunchFailed, device.Driver.CtxSynchronize());
        TestDevice.Check(device.Driver.CtxSetCurrent(device.Context));
        ulong memory = device.Allocate(4 * 32);
        TestDevice.Check(device.Launch(device.Function(device.Load(KernelTexts.Index), "index"), 1, 32, 0, memory));
        Assert.Equal(31, device.Read<int>(memory, 32)[31]);
    }

    [Fact]
    public void A_fault_stops_what_else_runs_in_the_context()
    {
        nint spin = device.Function(device.Load(KernelTexts.Spin), "spin");
        nint trap = device.Function(device.Load(KernelTexts.Trap), "halt");
        ulong flag = device.Allocate(4);
        TestDevice.Check(device.Driver.MemsetD32(flag, 0, 1));
        TestDevice.Check(device.Launch(spin, 1, 1, device.Stream(1), flag));
        _ = device.Launch(trap, 1, 1, device.Stream(1));
        Assert.Equal(CuResult.LaunchFailed, device.Driver.CtxSynchronize());
    }

    public void Dispose() => device.Dispose();
}
