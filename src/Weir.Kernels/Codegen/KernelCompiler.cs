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
    public const int Version = 14;

    /// <summary>Kernels above this number of operations keep their quick code: minutes of LLVM's time are no background.</summary>
    private const int HugeKernel = 60_000;

    /// <summary>Kernels above this number of operations are not even tried in full where somebody waits.</summary>
    private const int SmallKernel = 250;

    /// <summary>Checked and profiled kernels above this number of operations get quick code: somebody waits for them.</summary>
    private const int LargeVariant = 3000;

    /// <summary>Characters of a module that LLVM compiles in full within some 20 ms.</summary>
    private const int SmallModule = 40 << 10;

    // A fifth of the time of the full way; the code runs a few times slower.
    private const string QuickPasses = "function(sroa,early-cse)";

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
    /// <param name="quality">How good the code shall be; small kernels get the best in any case.</param>
    /// <param name="variant">What the code shall do besides; such code is made once, the best there is.</param>
    /// <exception cref="PtxException">The kernel uses something that is not generated yet (with its line).</exception>
    /// <exception cref="CodegenException">libLLVM is missing or refused the module.</exception>
    public static CompiledKernel Compile(
        IrFunction function,
        CodeQuality quality = CodeQuality.Full,
        CodeVariant variant = CodeVariant.Plain
    )
    {
        if (variant != CodeVariant.Plain)
        {
            return CompileVariant(function, variant);
        }
        int operations = Operations(function);
        if (quality == CodeQuality.Full ? operations <= HugeKernel : operations <= SmallKernel)
        {
            (string module, KernelInfo info) = KernelEmitter.Emit(function, CodeQuality.Full);
            if (quality == CodeQuality.Full || module.Length <= SmallModule)
            {
                return new CompiledKernel(info, ObjectEmitter.Emit(module, Passes, 1));
            }
        }
        return CompileQuick(function);
    }

    /// <summary>Compiles a kernel the quick way, however small it is.</summary>
    /// <exception cref="PtxException">The kernel uses something that is not generated yet (with its line).</exception>
    /// <exception cref="CodegenException">libLLVM is missing or refused the module.</exception>
    public static CompiledKernel CompileQuick(IrFunction function)
    {
        (string module, KernelInfo info) = KernelEmitter.Emit(function, CodeQuality.Quick);
        byte[] image = ObjectEmitter.Emit(module, QuickPasses, 0);
        return new CompiledKernel(info, image, IsFinal: Operations(function) > HugeKernel);
    }

    private static CompiledKernel CompileVariant(IrFunction function, CodeVariant variant)
    {
        bool isLarge = Operations(function) > LargeVariant;
        (string module, KernelInfo info) = KernelEmitter.Emit(
            function,
            isLarge ? CodeQuality.Quick : CodeQuality.Full,
            variant
        );
        byte[] image = ObjectEmitter.Emit(module, isLarge ? QuickPasses : Passes, isLarge ? 0 : 1);
        return new CompiledKernel(info, image);
    }

    /// <summary>The LLVM module of a kernel before optimisation, for people who look into it.</summary>
    public static string EmitModule(IrFunction function, CodeQuality quality = CodeQuality.Full) =>
        KernelEmitter.Emit(function, quality).Module;

    /// <summary>The code of a kernel in its final form, as assembler text for people who look into it.</summary>
    public static string EmitAssembly(IrFunction function) =>
        System.Text.Encoding.UTF8.GetString(
            ObjectEmitter.Emit(EmitModule(function), Passes, 1, ObjectEmitter.AssemblyFile)
        );

    /// <summary>How the threads of a kernel's blocks are run, as a sentence.</summary>
    public static string Strategy(IrFunction function) => KernelEmitter.Strategy(function);

    private static int Operations(IrFunction function) => function.Blocks.Sum(block => block.Instructions.Count);
}
