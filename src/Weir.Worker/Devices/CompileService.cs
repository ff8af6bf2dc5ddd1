using Weir.Devices.Software.Modules;
using Weir.Kernels.Abi;
using Weir.Kernels.Ptx;
using Weir.Kernels.Service;

namespace Weir.Worker.Devices;

/// <summary>Kernels from the disk cache or the node's compile service, with the counts that a session's summary shows.</summary>
internal sealed class CompileService(Action startService, CodeVariant variant = CodeVariant.Plain) : IKernelSource
{
    private static readonly TimeSpan s_timeout = TimeSpan.FromSeconds(120);

    private readonly KernelClient _client = new(
        new KernelCache(KernelCache.DefaultFolder),
        CompileAddress.Default,
        startService,
        s_timeout,
        variant
    );
    private long _given;

    /// <summary>Kernels compiled anew.</summary>
    public long Compiled => _client.Compiled;

    /// <summary>Kernels that were in the disk cache.</summary>
    public long FromCache => Interlocked.Read(ref _given) - Compiled;

    /// <inheritdoc/>
    public CompiledKernel Get(PtxModule module, string entry)
    {
        CompiledKernel kernel = _client.Get(module, entry);
        _ = Interlocked.Increment(ref _given);
        return kernel;
    }

    /// <inheritdoc/>
    public CompiledKernel? Improve(PtxModule module, string entry) => _client.Improve(module, entry);
}
