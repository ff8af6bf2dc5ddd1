using Weir.Kernels.Abi;
using Weir.Kernels.Ptx;

namespace Weir.Devices.Software.Modules;

/// <summary>Where a device gets compiled kernels from: the node's compile service, or the compiler in this process.</summary>
public interface IKernelSource
{
    /// <summary>Compiles a kernel, or finds it compiled. May be called from several threads at once.</summary>
    /// <param name="module">The module.</param>
    /// <param name="entry">Name of the kernel.</param>
    /// <returns>The kernel as compiled from <see cref="PtxModule.EntryText"/>, whose lines its faults name.</returns>
    /// <exception cref="Weir.Kernels.PtxException">The kernel is malformed or uses what is not supported.</exception>
    CompiledKernel Get(PtxModule module, string entry);

    /// <summary>
    /// Gives the final form of a kernel that <see cref="Get"/> gave in another; null when there will be none. Takes its time.
    /// </summary>
    /// <param name="module">The module.</param>
    /// <param name="entry">Name of the kernel.</param>
    CompiledKernel? Improve(PtxModule module, string entry);
}
