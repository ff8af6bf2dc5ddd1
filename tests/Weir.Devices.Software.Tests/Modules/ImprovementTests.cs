using Weir.Devices.Software.Modules;
using Weir.Devices.Software.Tests.Support;
using Weir.Kernels.Abi;
using Weir.Kernels.Codegen;
using Weir.Kernels.Ptx;

namespace Weir.Devices.Software.Tests.Modules;

/// <summary>Quick code first, better code for later launches.</summary>
public sealed class ImprovementTests
{
    [Fact]
    public void Launches_before_during_and_after_the_change_of_code_are_all_right()
    {
        using TwoStepKernels kernels = new();
        using TestDevice device = new(kernels: kernels);
        nint function = device.Function(device.Load(KernelTexts.Add), "add");
        ulong numbers = device.Allocate(4096 * 4);
        device.Write(numbers, new int[4096]);
        for (int launch = 0; launch < 300; launch++)
        {
            if (launch == 50)
            {
                kernels.Allow();
            }
            TestDevice.Check(device.Launch(function, 64, 64, 0, numbers, 3));
        }
        TestDevice.Check(device.Driver.CtxSynchronize());
        Assert.All(device.Read<int>(numbers, 4096), value => Assert.Equal(900, value));
        Assert.True(kernels.Improved.WaitOne(TimeSpan.FromSeconds(30)));
        TestDevice.Check(device.Launch(function, 64, 64, 0, numbers, 3));
        TestDevice.Check(device.Driver.CtxSynchronize());
        Assert.All(device.Read<int>(numbers, 4096), value => Assert.Equal(903, value));
        Assert.Equal(1, kernels.Asked);
    }

    [Fact]
    public void A_module_may_go_while_better_code_for_it_is_made()
    {
        using TwoStepKernels kernels = new();
        using TestDevice device = new(kernels: kernels);
        nint module = device.Load(KernelTexts.Add);
        ulong numbers = device.Allocate(64 * 4);
        TestDevice.Check(device.Launch(device.Function(module, "add"), 1, 64, 0, numbers, 3));
        TestDevice.Check(device.Driver.CtxSynchronize());
        TestDevice.Check(device.Driver.ModuleUnload(module));
        kernels.Allow();
        Assert.True(kernels.Improved.WaitOne(TimeSpan.FromSeconds(30)));
        Assert.DoesNotContain("add", device.Log);
    }

    [Fact]
    public void A_kernel_that_cannot_be_improved_keeps_its_code()
    {
        using TwoStepKernels kernels = new() { Fails = true };
        using TestDevice device = new(kernels: kernels);
        nint function = device.Function(device.Load(KernelTexts.Add), "add");
        ulong numbers = device.Allocate(64 * 4);
        device.Write(numbers, new int[64]);
        kernels.Allow();
        for (int launch = 0; launch < 3; launch++)
        {
            TestDevice.Check(device.Launch(function, 1, 64, 0, numbers, 3));
            TestDevice.Check(device.Driver.CtxSynchronize());
            Assert.True(kernels.Improved.WaitOne(TimeSpan.FromSeconds(30)));
        }
        Assert.All(device.Read<int>(numbers, 64), value => Assert.Equal(9, value));
    }

    /// <summary>Gives quick code at once and better code when it is told to.</summary>
    private sealed class TwoStepKernels : IKernelSource, IDisposable
    {
        private readonly ManualResetEvent allowed = new(false);

        public ManualResetEvent Improved { get; } = new(false);

        public bool Fails { get; init; }

        public int Asked { get; private set; }

        public void Allow() => allowed.Set();

        public CompiledKernel Get(PtxModule module, string entry) =>
            KernelCompiler.CompileQuick(PtxModule.Parse(module.EntryText(entry)).Lower(entry));

        public CompiledKernel? Improve(PtxModule module, string entry)
        {
            Asked++;
            allowed.WaitOne(TimeSpan.FromSeconds(30));
            Improved.Set();
            return Fails
                ? throw new CodegenException("there is no better code")
                : KernelCompiler.Compile(PtxModule.Parse(module.EntryText(entry)).Lower(entry));
        }

        public void Dispose()
        {
            allowed.Dispose();
            Improved.Dispose();
        }
    }
}
