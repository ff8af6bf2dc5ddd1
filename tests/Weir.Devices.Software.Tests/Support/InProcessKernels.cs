using Weir.Devices.Software.Modules;
using Weir.Kernels.Abi;
using Weir.Kernels.Codegen;
using Weir.Kernels.Ptx;

namespace Weir.Devices.Software.Tests.Support;

/// <summary>Compiles in this process.</summary>
internal sealed class InProcessKernels(CodeVariant variant = CodeVariant.Plain) : IKernelSource
{
    public CompiledKernel Get(PtxModule module, string entry) =>
        KernelCompiler.Compile(PtxModule.Parse(module.EntryText(entry)).Lower(entry), variant: variant);

    public CompiledKernel? Improve(PtxModule module, string entry) => null;
}
