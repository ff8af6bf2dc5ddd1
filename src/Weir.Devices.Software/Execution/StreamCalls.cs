using Weir.Api;
using Weir.Devices.Software.Contexts;

namespace Weir.Devices.Software.Execution;

/// <summary>Calls on streams.</summary>
internal sealed unsafe class StreamCalls(SoftwareDevice device, CurrentContexts contexts)
{
    private const nint LegacyHandle = 1;
    private const nint PerThreadHandle = 2;

    /// <summary>The stream that a handle means to the calling thread.</summary>
    public CuResult Resolve(nint handle, out DeviceStream stream)
    {
        if (handle is 0 or LegacyHandle or PerThreadHandle)
        {
            CuResult result = contexts.Get(out DeviceContext context);
            stream =
                result != CuResult.Success ? null!
                : handle == PerThreadHandle ? context.PerThread
                : context.Legacy;
            return result;
        }
        stream = device.Streams.Find(handle)!;
        return stream is not null ? (CuResult)stream.Context.Fault
            : contexts.IsInitialized ? CuResult.InvalidHandle
            : CuResult.NotInitialized;
    }

    public CuResult Create(nint* result, uint flags, int priority)
    {
        CuResult check = contexts.Get(out DeviceContext context);
        if (check != CuResult.Success || result is null || flags > 1)
        {
            return check != CuResult.Success ? check : CuResult.InvalidValue;
        }
        DeviceStream stream = context.AddStream(flags == 1 ? StreamKind.NonBlocking : StreamKind.Blocking, priority);
        stream.Handle = device.Streams.Add(stream);
        *result = stream.Handle;
        return CuResult.Success;
    }

    public CuResult Destroy(nint handle)
    {
        if (device.Streams.Remove(handle) is not { } stream)
        {
            return contexts.IsInitialized ? CuResult.InvalidHandle : CuResult.NotInitialized;
        }
        // What is in it still runs to its end: the context knows the stream until then.
        if (device.Scheduler.IsDone(stream))
        {
            stream.Context.RemoveStream(stream);
        }
        else
        {
            device.Scheduler.Enqueue(new MarkerCommand(stream, () => stream.Context.RemoveStream(stream)));
        }
        return CuResult.Success;
    }

    public CuResult Query(nint handle)
    {
        CuResult result = Resolve(handle, out DeviceStream stream);
        return result != CuResult.Success ? result
            : !device.Scheduler.IsDone(stream) ? CuResult.NotReady
            : (CuResult)stream.Context.Fault;
    }

    public CuResult Synchronize(nint handle)
    {
        CuResult result = Resolve(handle, out DeviceStream stream);
        if (result != CuResult.Success)
        {
            return result;
        }
        device.Scheduler.Synchronize(stream);
        return (CuResult)stream.Context.Fault;
    }

    public CuResult WaitEvent(nint handle, nint eventHandle, uint flags)
    {
        CuResult result = Resolve(handle, out DeviceStream stream);
        if (result != CuResult.Success)
        {
            return result;
        }
        if (flags > 1)
        {
            return CuResult.InvalidValue;
        }
        if (device.Events.Find(eventHandle) is not { } mark)
        {
            return CuResult.InvalidHandle;
        }
        if (mark.Pending is { IsDone: false } recording)
        {
            device.Scheduler.Enqueue(new MarkerCommand(stream), recording);
        }
        return CuResult.Success;
    }

    public CuResult GetFlags(nint handle, uint* flags)
    {
        CuResult result = Resolve(handle, out DeviceStream stream);
        if (result != CuResult.Success || flags is null)
        {
            return result != CuResult.Success ? result : CuResult.InvalidValue;
        }
        *flags = stream.Kind == StreamKind.NonBlocking ? 1u : 0;
        return CuResult.Success;
    }

    public CuResult GetPriority(nint handle, int* priority)
    {
        CuResult result = Resolve(handle, out DeviceStream stream);
        if (result != CuResult.Success || priority is null)
        {
            return result != CuResult.Success ? result : CuResult.InvalidValue;
        }
        // The range is 0 to 0: others are clamped to it.
        *priority = 0;
        return CuResult.Success;
    }

    public CuResult GetContext(nint handle, nint* context)
    {
        CuResult result = Resolve(handle, out DeviceStream stream);
        if (result != CuResult.Success || context is null)
        {
            return result != CuResult.Success ? result : CuResult.InvalidValue;
        }
        *context = stream.Context.Handle;
        return CuResult.Success;
    }

    public CuResult LaunchHostFunction(nint handle, nint function, void* userData)
    {
        CuResult result = Resolve(handle, out DeviceStream stream);
        if (result != CuResult.Success || function == 0)
        {
            return result != CuResult.Success ? result : CuResult.InvalidValue;
        }
        device.Scheduler.Enqueue(
            new HostFunctionCommand(stream, () => CallHostFunction(function, (nint)userData), skippedByFault: true)
        );
        return CuResult.Success;
    }

    public CuResult AddCallback(nint handle, nint callback, void* userData, uint flags)
    {
        CuResult result = Resolve(handle, out DeviceStream stream);
        if (result != CuResult.Success || callback == 0 || flags != 0)
        {
            return result != CuResult.Success ? result : CuResult.InvalidValue;
        }
        device.Scheduler.Enqueue(
            new HostFunctionCommand(
                stream,
                () => CallCallback(callback, handle, stream.Context.Fault, (nint)userData),
                skippedByFault: false
            )
        );
        return CuResult.Success;
    }

    private static void CallHostFunction(nint function, nint userData) =>
        ((delegate* unmanaged<nint, void>)function)(userData);

    private static void CallCallback(nint callback, nint stream, int status, nint userData) =>
        ((delegate* unmanaged<nint, int, nint, void>)callback)(stream, status, userData);
}
