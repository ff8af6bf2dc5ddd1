using System.Diagnostics;
using System.Runtime.InteropServices;
using Weir.Devices.Software.Contexts;
using Weir.Kernels.Abi;

namespace Weir.Devices.Software.Execution;

/// <summary>A launch that waits for its turn; its blocks are split across cores.</summary>
internal sealed unsafe class KernelCommand : Command
{
    private readonly LoadedKernel kernel;
    private readonly Action<LoadedKernel, KernelFault, KernelThread, DeviceContext> report;
    private readonly Action<nint, int>? begin;
    private readonly int parameterBytes;
    private readonly long[] counters;
    private KernelLaunch* launch;

    /// <param name="stream">Stream it belongs to.</param>
    /// <param name="kernel">The kernel.</param>
    /// <param name="template">Launch record to be copied, with its parameters.</param>
    /// <param name="parameterBytes">Size of the parameters.</param>
    /// <param name="blocks">Blocks in the grid.</param>
    /// <param name="slots">Slots of the device.</param>
    /// <param name="begin">Told of the parameters when its first blocks begin, or null.</param>
    /// <param name="report">Told of the fault that ended it.</param>
    public KernelCommand(
        DeviceStream stream,
        LoadedKernel kernel,
        in KernelLaunch template,
        int parameterBytes,
        ulong blocks,
        int slots,
        Action<nint, int>? begin,
        Action<LoadedKernel, KernelFault, KernelThread, DeviceContext> report
    )
        : base(stream)
    {
        this.kernel = kernel;
        this.begin = begin;
        this.parameterBytes = parameterBytes;
        this.report = report;
        counters = stream.Context.Device.Profiles is null ? [] : new long[(int)KernelCounter.Count];
        // Vector code may read up to a whole vector past the last parameter.
        launch = (KernelLaunch*)NativeMemory.AlignedAlloc((nuint)(sizeof(KernelLaunch) + parameterBytes + 64), 64);
        *launch = template;
        launch->Parameters = (byte*)(launch + 1);
        Buffer.MemoryCopy(template.Parameters, launch->Parameters, parameterBytes, parameterBytes);
        launch->StartNanoseconds = 0;
        SetUnits((long)blocks, slots, kernel.BlocksPerRange);
    }

    /// <inheritdoc/>
    public override long ExpectedNanoseconds => kernel.ExpectedNanoseconds(Units);

    /// <inheritdoc/>
    public override void Run(ExecutorSlot slot, long first, long end)
    {
        if (Stream.Context.Fault != 0)
        {
            return;
        }
        long start = Stopwatch.GetTimestamp();
        if (Volatile.Read(ref launch->StartNanoseconds) == 0)
        {
            if (Interlocked.CompareExchange(ref launch->StartNanoseconds, (ulong)start, 0) == 0)
            {
                begin?.Invoke((nint)launch->Parameters, parameterBytes);
            }
        }
        bool isProfiled = Stream.Context.Device.Profiles is not null;
        if (isProfiled)
        {
            slot.Counters.Clear();
        }
        KernelFault fault = slot.Call(kernel, launch, (ulong)first, (ulong)end);
        kernel.Note(end - first, Stopwatch.GetTimestamp() - start);
        if (isProfiled)
        {
            for (int i = 0; i < counters.Length; i++)
            {
                Interlocked.Add(ref counters[i], slot.Counters[i]);
            }
        }
        if (fault != KernelFault.None)
        {
            report(kernel, fault, slot.Thread, Stream.Context);
        }
    }

    /// <inheritdoc/>
    public override void Complete()
    {
        Stream.Context.Device.Profiles?.Add(kernel.Info.Name, (long)Stream.Id, Began, Ended, *launch, counters);
        NativeMemory.AlignedFree(launch);
        launch = null;
    }
}
