using System.Runtime.CompilerServices;
using Weir.Api;
using Weir.Shim.Graphs;
using Weir.Shim.Guest;

namespace Weir.Shim;

/// <summary>Launches: checked and packed here, posted as one record.</summary>
internal static unsafe partial class CustomCalls
{
    private const uint CooperativeFlag = 1;
    private const uint LargestGridYZ = 65535;

    internal static CuResult LaunchKernel(
        nint f,
        uint gridDimX,
        uint gridDimY,
        uint gridDimZ,
        uint blockDimX,
        uint blockDimY,
        uint blockDimZ,
        uint sharedMemBytes,
        nint hStream,
        void** kernelParams,
        void** extra
    )
    {
        var shape = new CUlaunchConfig
        {
            gridDimX = gridDimX,
            gridDimY = gridDimY,
            gridDimZ = gridDimZ,
            blockDimX = blockDimX,
            blockDimY = blockDimY,
            blockDimZ = blockDimZ,
            sharedMemBytes = sharedMemBytes,
            hStream = hStream,
        };
        return Launch(&shape, f, kernelParams, extra, 0);
    }

    internal static CuResult LaunchCooperativeKernel(
        nint f,
        uint gridDimX,
        uint gridDimY,
        uint gridDimZ,
        uint blockDimX,
        uint blockDimY,
        uint blockDimZ,
        uint sharedMemBytes,
        nint hStream,
        void** kernelParams
    )
    {
        var shape = new CUlaunchConfig
        {
            gridDimX = gridDimX,
            gridDimY = gridDimY,
            gridDimZ = gridDimZ,
            blockDimX = blockDimX,
            blockDimY = blockDimY,
            blockDimZ = blockDimZ,
            sharedMemBytes = sharedMemBytes,
            hStream = hStream,
        };
        return Launch(&shape, f, kernelParams, null, CooperativeFlag);
    }

    internal static CuResult LaunchKernelEx(CUlaunchConfig* config, nint f, void** kernelParams, void** extra)
    {
        if (config == null || (config->numAttrs != 0 && config->attrs == null))
        {
            return Session.Check() == CuResult.Success ? CuResult.InvalidValue : CuResult.NotInitialized;
        }
        uint flags = 0;
        var result = LaunchAttributes.Read(config, ref flags);
        return result != CuResult.Success ? result : Launch(config, f, kernelParams, extra, flags);
    }

    internal static CuResult LaunchKernelExPerThread(CUlaunchConfig* config, nint f, void** kernelParams, void** extra)
    {
        if (config == null)
        {
            return LaunchKernelEx(config, f, kernelParams, extra);
        }
        var copy = *config;
        copy.hStream = copy.hStream == 0 ? 2 : copy.hStream;
        return LaunchKernelEx(&copy, f, kernelParams, extra);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static CuResult Launch(CUlaunchConfig* shape, nint function, void** parameters, void** extra, uint flags)
    {
        ClientThread* thread;
        var result = EnterContext(&thread);
        if (result != CuResult.Success)
        {
            return result;
        }
        if (!IsStream(shape->hStream))
        {
            return CuResult.InvalidHandle;
        }
        byte* packed = null;
        uint bytes;
        result = CheckLaunch(thread, shape, &function, parameters, extra, &packed, &bytes);
        if (result != CuResult.Success)
        {
            return result;
        }
        var record = thread->Begin(Op.Launch, LaunchBytes(bytes));
        if (record == null)
        {
            return CuResult.DeviceUnavailable;
        }
        FillLaunch(record, shape, function, parameters, packed, bytes, flags);
        return thread->Post();
    }

    /// <summary>Size of the record of a launch with so many bytes of arguments.</summary>
    private static uint LaunchBytes(uint bytes) => KernelWork.LaunchFields + ((4 + bytes + 7) & ~7u);

    /// <summary>Is this a launch? Finds the function, and how large its arguments are and whether they are packed.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static CuResult CheckLaunch(
        ClientThread* thread,
        CUlaunchConfig* shape,
        nint* function,
        void** parameters,
        void** extra,
        byte** packed,
        uint* bytes
    )
    {
        *bytes = 0;
        if (!Handles.IsLive(HandleKind.Function, *function))
        {
            var result = FunctionOfKernel(thread, *function, function);
            if (result != CuResult.Success)
            {
                return result;
            }
        }
        if (
            shape->gridDimX - 1 >= int.MaxValue
            || shape->gridDimY - 1 >= LargestGridYZ
            || shape->gridDimZ - 1 >= LargestGridYZ
            || !IsBlock(shape)
        )
        {
            return CuResult.InvalidValue;
        }
        var layout = Layout(*function);
        *bytes = layout->ParameterBytes;
        if (parameters == null)
        {
            return extra == null ? (layout->ParameterCount != 0 ? CuResult.InvalidValue : CuResult.Success)
                : TryReadExtra(extra, packed, bytes) ? CuResult.Success
                : CuResult.InvalidValue;
        }
        return extra != null ? CuResult.InvalidValue : CuResult.Success;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void FillLaunch(
        byte* record,
        CUlaunchConfig* shape,
        nint function,
        void** parameters,
        byte* packed,
        uint bytes,
        uint flags
    )
    {
        var field = (ulong*)record;
        field[0] = (ulong)function;
        field[1] = shape->gridDimX;
        field[2] = shape->gridDimY;
        field[3] = shape->gridDimZ;
        field[4] = shape->blockDimX;
        field[5] = shape->blockDimY;
        field[6] = shape->blockDimZ;
        field[7] = shape->sharedMemBytes;
        field[8] = (ulong)shape->hStream;
        field[9] = flags;
        field[10] = bytes;
        var arguments = record + KernelWork.LaunchFields;
        *(uint*)arguments = bytes;
        arguments += 4;
        if (packed != null)
        {
            _ = GuestLibc.Copy(arguments, packed, bytes);
        }
        else
        {
            Pack(arguments, Layout(function), parameters);
        }
    }

    /// <summary>Put each parameter at its place. Gaps keep what an older record left there: nobody reads them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Pack(byte* arguments, FunctionLayout* layout, void** parameters)
    {
        var place = FunctionLayout.Parameters(layout);
        for (var i = 0u; i < layout->ParameterCount; i++, place += 2)
        {
            var target = arguments + place[0];
            switch (place[1])
            {
                case 8:
                    *(ulong*)target = *(ulong*)parameters[i];
                    break;
                case 4:
                    *(uint*)target = *(uint*)parameters[i];
                    break;
                default:
                    _ = GuestLibc.Copy(target, parameters[i], place[1]);
                    break;
            }
        }
    }

    private static bool IsBlock(CUlaunchConfig* shape)
    {
        // Limits as every device of the API since compute capability 2.0 has them; a stricter device refuses by itself.
        const uint largestThreads = 1024;
        const uint largestZ = 64;
        var x = shape->blockDimX;
        var y = shape->blockDimY;
        var z = shape->blockDimZ;
        return x - 1 < largestThreads && y - 1 < largestThreads && z - 1 < largestZ && x * y * z <= largestThreads;
    }

    /// <summary>{1, buffer, 2, &amp;size, 0}: arguments that are packed already.</summary>
    private static bool TryReadExtra(void** extra, byte** packed, uint* bytes)
    {
        const nuint end = 0;
        const nuint bufferPointer = 1;
        const nuint bufferSize = 2;
        nuint size = 0;
        var sawSize = false;
        for (var i = 0; ; i += 2)
        {
            var key = (nuint)extra[i];
            if (key == end)
            {
                break;
            }
            if (key == bufferPointer)
            {
                *packed = (byte*)extra[i + 1];
            }
            else if (key == bufferSize && extra[i + 1] != null)
            {
                size = *(nuint*)extra[i + 1];
                sawSize = true;
            }
            else
            {
                return false;
            }
        }
        if (!sawSize || (*packed == null && size != 0) || size > RecordLimits.MaxPayloadBytes - 1024)
        {
            return false;
        }
        *bytes = (uint)size;
        return true;
    }
}
