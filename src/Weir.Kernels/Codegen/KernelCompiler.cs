using Weir.Kernels.Abi;
using Weir.Kernels.Ir;

namespace Weir.Kernels.Codegen;

/// <summary>Compiles one kernel for this machine's processor, in this process. Safe for use by several threads.</summary>
/// <remarks>
/// LLVM ends the process when it meets a state it thinks impossible, so what comes from outside is compiled in a
/// process of its own (Weir.Kernels.Service).
/// </remarks>
public static class KernelCompiler
{
    /// <summary>Counted up when generated code changes; part of the cache key.</summary>
    public const int Version = 7;

    private const string QuickPasses = "sroa,early-cse";

    // What default<O1> does that pays here: half its time, and the same speed of the benchmark kernels. The text has no
    // redundancy that needs more; nearly all work left is instruction selection and register allocation.
    private const string Passes =
        "always-inline,function(sroa,early-cse,instcombine<no-verify-fixpoint>,simplifycfg,early-cse,loop-mssa(licm),"
        + "instcombine<no-verify-fixpoint>,simplifycfg,adce)";

    /// <summary>What generated code depends on besides the kernel: compiler, LLVM and processor.</summary>
    /// <exception cref="CodegenException">libLLVM is missing, or the processor is too old.</exception>
    public static string TargetDescription =>
        $"{KernelAbi.Version}.{Version};{HostTarget.Instance.Cpu};{HostTarget.Instance.Features}";

    /// <summary>Compiles a kernel.</summary>
    /// <param name="function">Verified intermediate form.</param>
    /// <exception cref="PtxException">The kernel uses something that is not generated yet (with its line).</exception>
    /// <exception cref="CodegenException">libLLVM is missing or refused the module.</exception>
    public static CompiledKernel Compile(IrFunction function)
    {
        (string module, KernelInfo info) = KernelEmitter.Emit(function);
        int operations = function.Blocks.Sum(block => block.Instructions.Count);
        bool large = operations > KernelEmitter.LargeKernel;
        byte[] image = large ? ObjectEmitter.Emit(module, QuickPasses, 0) : ObjectEmitter.Emit(module, Passes, 1);
        return new CompiledKernel(info, image);
    }

    /// <summary>The LLVM module of a kernel before optimisation, for people who look into it.</summary>
    public static string EmitModule(IrFunction function) => KernelEmitter.Emit(function).Module;
}
