namespace Weir.Kernels.Codegen;

/// <summary>The processor that code is generated for: this machine's own.</summary>
internal sealed class HostTarget
{
    /// <summary>Target triple of all generated objects.</summary>
    public const string Triple = "x86_64-pc-linux-gnu";

    private static readonly Lazy<HostTarget> Host = new(() => new HostTarget());

    private unsafe HostTarget()
    {
        LlvmLibrary llvm = LlvmLibrary.Instance;
        byte* cpu = llvm.GetHostCpuName();
        byte* features = llvm.GetHostCpuFeatures();
        Cpu = LlvmLibrary.Text(cpu);
        Features = LlvmLibrary.Text(features);
        llvm.DisposeMessage(cpu);
        llvm.DisposeMessage(features);
        // LLVM is asked, not the runtime: code compiled ahead of time knows only the processor that it was compiled for.
        if (!Has("avx2") || !Has("fma"))
        {
            throw new CodegenException("This processor lacks AVX2 and FMA, which generated kernels need.");
        }
        HasAvx512 = Has("avx512f") && Has("avx512vl") && Has("avx512bw") && Has("avx512dq");
        if (HasAvx512)
        {
            // Several models prefer 256 bits for code with little vector work; kernels are nothing but vector work.
            Features += ",-prefer-256-bit";
        }
    }

    /// <summary>The machine's processor, found once.</summary>
    /// <exception cref="CodegenException">libLLVM is missing, or the processor is too old.</exception>
    public static HostTarget Instance => Host.Value;

    /// <summary>LLVM's name of the processor.</summary>
    public string Cpu { get; }

    /// <summary>LLVM's feature string, comma separated.</summary>
    public string Features { get; }

    /// <summary>True when 512-bit vectors with masks are there.</summary>
    public bool HasAvx512 { get; }

    private bool Has(string feature) => $",{Features},".Contains($",+{feature},", StringComparison.Ordinal);
}
