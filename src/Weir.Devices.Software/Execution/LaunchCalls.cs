using System.Runtime.CompilerServices;
using Weir.Api;
using Weir.Devices.Software.Contexts;
using Weir.Devices.Software.Memory;
using Weir.Devices.Software.Modules;
using Weir.Devices.Software.Statistics;
using Weir.Kernels;
using Weir.Kernels.Abi;
using Weir.Kernels.Ptx;

namespace Weir.Devices.Software.Execution;

/// <summary>Calls that launch kernels.</summary>
internal sealed unsafe class LaunchCalls
{
    // A launch whose threads together execute no more instructions than this takes a few microseconds at most: less than
    // handing it to another thread.
    private const ulong AtOnceInstructions = 1 << 16;
    private const ulong InstructionsPerBlock = 256;
    private const int ParameterAlignment = 64;

    private readonly SoftwareDevice device;
    private readonly StreamCalls streams;
    private readonly FunctionCalls functions;
    private readonly LaunchRecorder? recorder;
    private readonly Action<LoadedKernel, KernelFault, KernelThread, DeviceContext> report;
    private readonly Action<nint, int> use;

    public LaunchCalls(SoftwareDevice device, StreamCalls streams, FunctionCalls functions)
    {
        this.device = device;
        this.streams = streams;
        this.functions = functions;
        report = Report;
        use = Use;
        recorder = device.Options.RecordFolder is { } folder ? new LaunchRecorder(device, folder) : null;
    }

    public CuResult Launch(nint function, in LaunchShape shape, nint streamHandle, void** parameters, void** extra)
    {
        CuResult result = functions.Find(function, out DeviceKernel kernel);
        if (result != CuResult.Success)
        {
            return result;
        }
        result = streams.Resolve(streamHandle, out DeviceStream stream);
        if (result != CuResult.Success)
        {
            return result;
        }
        if (stream.Context != kernel.Module.Context)
        {
            return CuResult.InvalidHandle;
        }
        result = Check(kernel, shape);
        if (result != CuResult.Success)
        {
            return result;
        }
        LoadedKernel? loaded = kernel.Loaded;
        if (loaded is null)
        {
            result = TryLoad(kernel, out loaded);
            if (result != CuResult.Success)
            {
                return result;
            }
        }
        if (!loaded!.IsFinal)
        {
            kernel.Improve();
        }
        int parameterBytes = kernel.Entry.ParameterBytes;
        if (
            parameterBytes <= ExecutorSlot.MaxInlineParameterBytes
            && recorder is null
            && device.Profiles is null
            && IsShort(loaded!, shape)
        )
        {
            result = LaunchAtOnce(kernel, loaded!, shape, stream, parameters, extra, out bool isDone);
            if (isDone || result != CuResult.Success)
            {
                return result;
            }
        }
        return Enqueue(kernel, loaded!, shape, stream, parameters, extra);
    }

    public CuResult Launch(CUlaunchConfig* config, nint function, void** parameters, void** extra)
    {
        if (config is null || (config->numAttrs > 0 && config->attrs is null))
        {
            return CuResult.InvalidValue;
        }
        for (uint index = 0; index < config->numAttrs; index++)
        {
            if (!LaunchAttributes.CanIgnore(config->attrs[index]))
            {
                device.Log($"launch attribute {config->attrs[index].id} is not supported");
                return CuResult.NotSupported;
            }
        }
        LaunchShape shape = new(
            config->gridDimX,
            config->gridDimY,
            config->gridDimZ,
            config->blockDimX,
            config->blockDimY,
            config->blockDimZ,
            config->sharedMemBytes
        );
        return Launch(function, shape, config->hStream, parameters, extra);
    }

    private static bool IsShort(LoadedKernel loaded, in LaunchShape shape) =>
        loaded.Info.StraightLineInstructions >= 0
        && shape.Blocks <= AtOnceInstructions
        && shape.Blocks * ((ulong)loaded.Info.StraightLineInstructions * shape.ThreadsPerBlock + InstructionsPerBlock)
            <= AtOnceInstructions;

    private CuResult LaunchAtOnce(
        DeviceKernel kernel,
        LoadedKernel loaded,
        in LaunchShape shape,
        DeviceStream stream,
        void** parameters,
        void** extra,
        out bool isDone
    )
    {
        isDone = false;
        if (device.Scheduler.TryEnterIdle(stream) is not { } slot)
        {
            return CuResult.Success;
        }
        KernelFault fault;
        try
        {
            KernelLaunch* launch = slot.Inline;
            byte* packed = (byte*)(launch + 1);
            CuResult result = Pack(kernel, parameters, extra, packed);
            if (result != CuResult.Success)
            {
                return result;
            }
            Fill(launch, loaded, shape, stream, packed);
            launch->StartNanoseconds = (ulong)System.Diagnostics.Stopwatch.GetTimestamp();
            fault = slot.Call(loaded, launch, 0, shape.Blocks);
            if (fault != KernelFault.None)
            {
                Report(loaded, fault, slot.Thread, stream.Context);
            }
        }
        finally
        {
            device.Scheduler.LeaveIdle(slot);
        }
        isDone = true;
        device.Counters.Launched();
        return CuResult.Success;
    }

    private CuResult Enqueue(
        DeviceKernel kernel,
        LoadedKernel loaded,
        in LaunchShape shape,
        DeviceStream stream,
        void** parameters,
        void** extra
    )
    {
        int parameterBytes = kernel.Entry.ParameterBytes;
        byte* buffer = stackalloc byte[parameterBytes + ParameterAlignment];
        byte* packed = (byte*)(((ulong)buffer + ParameterAlignment - 1) & ~(ulong)(ParameterAlignment - 1));
        CuResult result = Pack(kernel, parameters, extra, packed);
        if (result != CuResult.Success)
        {
            return result;
        }
        KernelLaunch launch;
        Fill(&launch, loaded, shape, stream, packed);
        DeviceContext context = stream.Context;
        KernelCommand command = new(
            stream,
            loaded,
            launch,
            parameterBytes,
            shape.Blocks,
            device.Scheduler.SlotCount,
            device.Resident.IsPaging ? use : null,
            report
        );
        if (recorder is not null)
        {
            recorder.Run(kernel, shape, new ReadOnlySpan<byte>(packed, parameterBytes), command);
        }
        else
        {
            device.Scheduler.Enqueue(command);
        }
        device.Counters.Launched();
        return CuResult.Success;
    }

    private static CuResult Check(DeviceKernel kernel, in LaunchShape shape)
    {
        if (
            shape.GridX - 1 >= int.MaxValue
            || shape.GridY - 1 >= 65535
            || shape.GridZ - 1 >= 65535
            || shape.BlockX - 1 >= 1024
            || shape.BlockY - 1 >= 1024
            || shape.BlockZ - 1 >= 64
            || shape.ThreadsPerBlock > (ulong)kernel.MaxThreads
            || shape.DynamicSharedBytes > (uint)kernel.MaxDynamicSharedBytes
        )
        {
            return CuResult.InvalidValue;
        }
        return
            kernel.Entry.RequiredThreads is { } required
            && (required.X != shape.BlockX || required.Y != shape.BlockY || required.Z != shape.BlockZ)
            ? CuResult.InvalidValue
            : CuResult.Success;
    }

    private CuResult TryLoad(DeviceKernel kernel, out LoadedKernel? loaded)
    {
        loaded = null;
        try
        {
            loaded = kernel.Load();
            return CuResult.Success;
        }
        catch (PtxException error)
        {
            device.Log($"kernel '{kernel.Entry.Name}' refused: {error.Message}");
            return error.Unsupported ? CuResult.NotSupported : CuResult.InvalidPtx;
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            // Whatever the compiler died of, it is this kernel that cannot run; the session goes on.
            device.Log($"kernel '{kernel.Entry.Name}' cannot be compiled: {error.Message}");
            return CuResult.JitCompilerNotFound;
        }
    }

    // Arguments come packed (extra = 1, buffer, 2, &size, 0), or as an array of pointers to them.
    private static CuResult Pack(DeviceKernel kernel, void** parameters, void** extra, byte* packed)
    {
        PtxEntry entry = kernel.Entry;
        if (extra is not null)
        {
            void* buffer = null;
            nuint size = 0;
            for (void** item = extra; *item is not null; item += 2)
            {
                switch ((nuint)item[0])
                {
                    case 1:
                        buffer = item[1];
                        break;
                    case 2 when item[1] is not null:
                        size = *(nuint*)item[1];
                        break;
                    default:
                        return CuResult.InvalidValue;
                }
            }
            if (parameters is not null || size < (nuint)entry.ParameterBytes || (buffer is null && size > 0))
            {
                return CuResult.InvalidValue;
            }
            Unsafe.CopyBlockUnaligned(packed, buffer, (uint)entry.ParameterBytes);
            return CuResult.Success;
        }
        if (parameters is null)
        {
            return entry.ParameterBytes == 0 ? CuResult.Success : CuResult.InvalidValue;
        }
        for (int index = 0; index < entry.Parameters.Count; index++)
        {
            PtxParameter parameter = entry.Parameters[index];
            if (parameters[index] is null)
            {
                return CuResult.InvalidValue;
            }
            Unsafe.CopyBlockUnaligned(packed + parameter.OffsetBytes, parameters[index], (uint)parameter.SizeBytes);
        }
        return CuResult.Success;
    }

    private void Fill(
        KernelLaunch* launch,
        LoadedKernel loaded,
        in LaunchShape shape,
        DeviceStream stream,
        byte* packed
    )
    {
        *launch = default;
        shape.WriteTo(ref *launch);
        launch->TextureCount = loaded.Info.UsesTextures ? (uint)device.Textures.Count : 0;
        launch->Parameters = packed;
        launch->WindowBase = device.Window.Address;
        launch->WindowBytes = device.Window.SizeBytes;
        launch->Symbols = loaded.Symbols;
        launch->Textures = device.Textures.Descriptors;
        launch->Cancel = stream.Context.Cancel;
        launch->Helpers = KernelHelpers.Table;
        launch->Owner = stream.Context.Mark;
        if (device.Shadow is { } shadow)
        {
            launch->Shadow = shadow.Marks;
            launch->ShadowedBytes = shadow.CoveredBytes;
            launch->Kernel = loaded.Function;
            device.Findings!.Expect(loaded);
        }
    }

    // Whatever looks like an address of device memory is taken for one: at worst something comes that is not needed.
    private void Use(nint parameters, int bytes)
    {
        List<DeviceAllocation> named = [];
        foreach (ulong value in new ReadOnlySpan<ulong>((void*)parameters, bytes / sizeof(ulong)))
        {
            if (device.Memory.Find(value) is { } allocation && !named.Contains(allocation))
            {
                named.Add(allocation);
            }
        }
        if (named.Count > 0)
        {
            device.Resident.Use(named);
        }
    }

    private void Report(LoadedKernel kernel, KernelFault fault, KernelThread thread, DeviceContext context)
    {
        CuResult error = fault switch
        {
            KernelFault.IllegalAddress or KernelFault.BadTexture => CuResult.IllegalAddress,
            KernelFault.MisalignedAddress => CuResult.MisalignedAddress,
            KernelFault.Assert => CuResult.Assert,
            _ => CuResult.LaunchFailed,
        };
        string place = thread.FaultLine > 0 ? $" at PTX line {kernel.MapLine((int)thread.FaultLine)}" : "";
        string reason =
            $"kernel '{kernel.Info.Name}': {fault}{place}, address 0x{thread.FaultAddress:x}, "
            + $"block {thread.FaultBlock}, thread {thread.FaultThread}";
        context.Fail((int)error, () => device.Log(reason));
    }
}
