using Weir.Api;
using Weir.Devices.Software.Contexts;

namespace Weir.Devices.Software.Execution;

/// <summary>Calls on events.</summary>
internal sealed unsafe class EventCalls(SoftwareDevice device, CurrentContexts contexts, StreamCalls streams)
{
    private const uint DisableTiming = 2;
    private const uint Interprocess = 4;
    private const uint KnownFlags = 7;

    public CuResult Create(nint* result, uint flags)
    {
        CuResult check = contexts.Get(out DeviceContext context);
        if (check != CuResult.Success || result is null || (flags & ~KnownFlags) != 0)
        {
            return check != CuResult.Success ? check : CuResult.InvalidValue;
        }
        if ((flags & Interprocess) != 0)
        {
            return CuResult.NotSupported;
        }
        DeviceEvent mark = new(context, (flags & DisableTiming) == 0);
        mark.Handle = device.Events.Add(mark);
        *result = mark.Handle;
        return CuResult.Success;
    }

    public CuResult Destroy(nint handle) =>
        device.Events.Remove(handle) is not null ? CuResult.Success
        : contexts.IsInitialized ? CuResult.InvalidHandle
        : CuResult.NotInitialized;

    public CuResult Record(nint handle, nint streamHandle, uint flags)
    {
        CuResult result = Find(handle, out DeviceEvent mark);
        result = result == CuResult.Success ? streams.Resolve(streamHandle, out _) : result;
        if (result != CuResult.Success || flags > 1)
        {
            return result != CuResult.Success ? result : CuResult.InvalidValue;
        }
        _ = streams.Resolve(streamHandle, out DeviceStream stream);
        if (stream.Context != mark.Context)
        {
            return CuResult.InvalidHandle;
        }
        device.Scheduler.Record(mark, stream);
        return CuResult.Success;
    }

    public CuResult Query(nint handle)
    {
        CuResult result = Find(handle, out DeviceEvent mark);
        if (result != CuResult.Success)
        {
            return result;
        }
        if (mark.IsReached)
        {
            return (CuResult)mark.Context.Fault;
        }
        device.Scheduler.Settle();
        return CuResult.NotReady;
    }

    public CuResult Synchronize(nint handle)
    {
        CuResult result = Find(handle, out DeviceEvent mark);
        if (result != CuResult.Success)
        {
            return result;
        }
        device.Scheduler.Wait(mark.Pending);
        return (CuResult)mark.Context.Fault;
    }

    public CuResult ElapsedTime(float* milliseconds, nint startHandle, nint endHandle)
    {
        CuResult result = Find(startHandle, out DeviceEvent start);
        if (result != CuResult.Success)
        {
            return result;
        }
        result = Find(endHandle, out DeviceEvent end);
        if (result != CuResult.Success || milliseconds is null)
        {
            return result != CuResult.Success ? result : CuResult.InvalidValue;
        }
        if (!start.IsRecorded || !end.IsRecorded || !start.HasTime || !end.HasTime)
        {
            return CuResult.InvalidHandle;
        }
        if (!start.IsReached || !end.IsReached)
        {
            return CuResult.NotReady;
        }
        *milliseconds = (float)((end.TimeNanoseconds - start.TimeNanoseconds) / 1e6);
        return CuResult.Success;
    }

    private CuResult Find(nint handle, out DeviceEvent mark)
    {
        mark = device.Events.Find(handle)!;
        return mark is not null ? (CuResult)mark.Context.Fault
            : contexts.IsInitialized ? CuResult.InvalidHandle
            : CuResult.NotInitialized;
    }
}
