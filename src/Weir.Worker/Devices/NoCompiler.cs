using Weir.Devices.Software.Modules;
using Weir.Kernels;
using Weir.Kernels.Abi;
using Weir.Kernels.Ptx;

namespace Weir.Worker.Devices;

/// <summary>A build without the kernel compiler: everything but launches works.</summary>
internal sealed class NoCompiler : IKernelSource
{
    public CompiledKernel Get(PtxModule module, string entry) =>
        throw new PtxException($"kernel {entry}: this build has no kernel compiler", 0, unsupported: true);
}
