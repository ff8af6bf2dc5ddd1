using System.Collections.Concurrent;
using Weir.Api;
using Weir.Devices.Software;
using Weir.Devices.Software.Modules;
using Weir.Kernels.Abi;
using Weir.Kernels.Codegen;
using Weir.Kernels.Ptx;
using Weir.Worker.Devices;
using Weir.Worker.Sessions;

namespace Weir.Worker.Tests.Support;

/// <summary>A small software device that compiles in this process; opened anew as often as a test wants.</summary>
internal sealed class LocalBackend : IDeviceBackend
{
    private SoftwareDriver? _driver;

    public string Name => "software";

    public byte[] Snapshot => [];

    public bool RegistersHostMemory => false;

    public bool PlacesDeviceMemory => true;

    public DeviceCounts Counts => default;

    public IDeviceBackend Prepare(WorkerOptions options, LeaseLedger? ledger) => this;

    public IDriver Open(Window window)
    {
        _driver = new SoftwareDriver(
            new SoftwareDeviceOptions
            {
                Kernels = new InProcessKernels(),
                MemoryBytes = 64 << 20,
                Cores = 1,
                WindowAddress = window.Base,
                WindowBytes = window.Bytes,
                WindowDeviceBytes = window.DeviceBytes,
            }
        );
        _ = _driver.Init(0);
        return _driver;
    }

    public void Stop()
    {
        _driver?.Dispose();
        _driver = null;
    }

    private sealed class InProcessKernels : IKernelSource
    {
        // The same few kernels are wanted by many devices.
        private static readonly ConcurrentDictionary<string, CompiledKernel> s_compiled = [];

        public CompiledKernel Get(PtxModule module, string entry) =>
            s_compiled.GetOrAdd(
                Convert.ToHexString(module.EntryText(entry)),
                _ =>
                    KernelCompiler.Compile(
                        PtxModule.Parse(module.EntryText(entry)).Lower(entry),
                        variant: CodeVariant.Plain
                    )
            );

        public CompiledKernel? Improve(PtxModule module, string entry) => null;
    }
}
