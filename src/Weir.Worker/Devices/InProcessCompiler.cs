using Weir.Devices.Software.Modules;
using Weir.Kernels.Abi;
using Weir.Kernels.Codegen;
using Weir.Kernels.Ptx;

namespace Weir.Worker.Devices;

/// <summary>Compiles kernels in the worker itself.</summary>
internal sealed class InProcessCompiler : IKernelSource
{
    public CompiledKernel Get(PtxModule module, string entry) =>
        KernelCompiler.Compile(PtxModule.Parse(module.EntryText(entry)).Lower(entry));
}
