using Weir.Api;

namespace Weir.Devices.Software.Contexts;

/// <summary>Calls that make, choose and end contexts.</summary>
internal sealed unsafe class ContextCalls(SoftwareDevice device, CurrentContexts contexts, DeviceCalls devices)
{
    private const uint KnownFlags = 0xff;
    private const uint ScheduleFlags = 7;
    private const int LimitCount = 7;

    private readonly Lock gate = new();
    private DeviceContext? primary;
    private int primaryUsers;
    private uint primaryFlags;

    public CuResult Create(nint* result, uint flags, int dev)
    {
        CuResult check = devices.Check(dev, result is not null && AreKnown(flags));
        if (check != CuResult.Success)
        {
            return check;
        }
        DeviceContext context = Add(flags, isPrimary: false);
        contexts.Stack.Add(context);
        *result = context.Handle;
        return CuResult.Success;
    }

    public CuResult Destroy(nint handle)
    {
        DeviceContext? context = device.Contexts.Find(handle);
        if (context is null || context.IsPrimary)
        {
            return contexts.IsInitialized ? CuResult.InvalidContext : CuResult.NotInitialized;
        }
        End(context);
        if (contexts.Top == context)
        {
            contexts.Stack.RemoveAt(contexts.Stack.Count - 1);
        }
        return CuResult.Success;
    }

    public CuResult PrimaryRetain(nint* result, int dev)
    {
        CuResult check = devices.Check(dev, result is not null);
        if (check != CuResult.Success)
        {
            return check;
        }
        lock (gate)
        {
            primary ??= Add(primaryFlags, isPrimary: true);
            primaryUsers++;
            *result = primary.Handle;
        }
        return CuResult.Success;
    }

    public CuResult PrimaryRelease(int dev)
    {
        CuResult check = devices.Check(dev, true);
        if (check != CuResult.Success)
        {
            return check;
        }
        lock (gate)
        {
            if (primaryUsers == 0)
            {
                return CuResult.InvalidContext;
            }
            if (--primaryUsers == 0)
            {
                EndPrimary();
            }
        }
        return CuResult.Success;
    }

    public CuResult PrimaryReset(int dev)
    {
        CuResult check = devices.Check(dev, true);
        if (check == CuResult.Success)
        {
            lock (gate)
            {
                primaryUsers = 0;
                EndPrimary();
            }
        }
        return check;
    }

    public CuResult PrimarySetFlags(int dev, uint flags)
    {
        CuResult check = devices.Check(dev, AreKnown(flags));
        if (check == CuResult.Success)
        {
            lock (gate)
            {
                primaryFlags = flags;
                if (primary is not null)
                {
                    primary.Flags = flags;
                }
            }
        }
        return check;
    }

    public CuResult PrimaryGetState(int dev, uint* flags, int* active)
    {
        CuResult check = devices.Check(dev, flags is not null && active is not null);
        if (check == CuResult.Success)
        {
            lock (gate)
            {
                *flags = primaryFlags;
                *active = primary is null ? 0 : 1;
            }
        }
        return check;
    }

    public CuResult Push(nint handle)
    {
        if (device.Contexts.Find(handle) is not { } context)
        {
            return contexts.IsInitialized ? CuResult.InvalidContext : CuResult.NotInitialized;
        }
        contexts.Stack.Add(context);
        return CuResult.Success;
    }

    public CuResult Pop(nint* result)
    {
        if (contexts.Top is not { } top)
        {
            return contexts.IsInitialized ? CuResult.InvalidContext : CuResult.NotInitialized;
        }
        contexts.Stack.RemoveAt(contexts.Stack.Count - 1);
        if (result is not null)
        {
            *result = top.Handle;
        }
        return CuResult.Success;
    }

    public CuResult SetCurrent(nint handle)
    {
        List<DeviceContext> stack = contexts.Stack;
        if (stack.Count > 0 && stack[^1].Handle == handle && !stack[^1].IsDestroyed)
        {
            return CuResult.Success;
        }
        DeviceContext? context = null;
        if (handle != 0 && (context = device.Contexts.Find(handle)) is null)
        {
            return contexts.IsInitialized ? CuResult.InvalidContext : CuResult.NotInitialized;
        }
        if (stack.Count > 0)
        {
            stack.RemoveAt(stack.Count - 1);
        }
        if (context is not null)
        {
            stack.Add(context);
        }
        return CuResult.Success;
    }

    public CuResult GetCurrent(nint* result)
    {
        if (!contexts.IsInitialized || result is null)
        {
            return contexts.IsInitialized ? CuResult.InvalidValue : CuResult.NotInitialized;
        }
        *result = contexts.Top?.Handle ?? 0;
        return CuResult.Success;
    }

    public CuResult GetDevice(int* dev)
    {
        if (contexts.Top is null || dev is null)
        {
            return !contexts.IsInitialized ? CuResult.NotInitialized
                : dev is null ? CuResult.InvalidValue
                : CuResult.InvalidContext;
        }
        *dev = 0;
        return CuResult.Success;
    }

    public CuResult GetFlags(uint* flags)
    {
        CuResult result = contexts.Get(out DeviceContext context);
        if (result != CuResult.Success || flags is null)
        {
            return result != CuResult.Success ? result : CuResult.InvalidValue;
        }
        *flags = context.Flags;
        return CuResult.Success;
    }

    public CuResult GetApiVersion(nint handle, uint* version)
    {
        if (version is null)
        {
            return CuResult.InvalidValue;
        }
        if ((handle == 0 ? contexts.Top : device.Contexts.Find(handle)) is null)
        {
            return contexts.IsInitialized ? CuResult.InvalidContext : CuResult.NotInitialized;
        }
        *version = 3020;
        return CuResult.Success;
    }

    public CuResult GetPriorityRange(int* least, int* greatest)
    {
        CuResult result = contexts.Get(out _);
        if (result == CuResult.Success)
        {
            if (least is not null)
            {
                *least = 0;
            }
            if (greatest is not null)
            {
                *greatest = 0;
            }
        }
        return result;
    }

    public CuResult Synchronize()
    {
        CuResult result = contexts.Get(out DeviceContext context);
        if (result != CuResult.Success)
        {
            return result;
        }
        device.Scheduler.Synchronize(context);
        return (CuResult)context.Fault;
    }

    public CuResult GetLimit(nuint* value, CUlimit limit)
    {
        CuResult result = contexts.Get(out DeviceContext context);
        if (result != CuResult.Success || value is null)
        {
            return result != CuResult.Success ? result : CuResult.InvalidValue;
        }
        if ((uint)limit >= LimitCount)
        {
            return CuResult.UnsupportedLimit;
        }
        *value = (nuint)context.Limit((int)limit);
        return CuResult.Success;
    }

    public CuResult SetLimit(CUlimit limit, nuint value)
    {
        CuResult result = contexts.Get(out DeviceContext context);
        if (result != CuResult.Success)
        {
            return result;
        }
        if ((uint)limit >= LimitCount)
        {
            return CuResult.UnsupportedLimit;
        }
        return context.TrySetLimit((int)limit, value) ? CuResult.Success : CuResult.InvalidValue;
    }

    /// <summary>For settings of hardware caches, which there are none of.</summary>
    public CuResult GetPreference(int* preference, int value)
    {
        CuResult result = contexts.Get(out _);
        if (result != CuResult.Success || preference is null)
        {
            return result != CuResult.Success ? result : CuResult.InvalidValue;
        }
        *preference = value;
        return CuResult.Success;
    }

    /// <inheritdoc cref="GetPreference"/>
    public CuResult SetPreference(int preference, int most)
    {
        CuResult result = contexts.Get(out _);
        return result != CuResult.Success ? result
            : (uint)preference > (uint)most ? CuResult.InvalidValue
            : CuResult.Success;
    }

    private static bool AreKnown(uint flags) =>
        (flags & ~KnownFlags) == 0 && (flags & ScheduleFlags) is 0 or 1 or 2 or 4;

    private DeviceContext Add(uint flags, bool isPrimary)
    {
        DeviceContext context = new(device, flags, isPrimary);
        context.Handle = device.Contexts.Add(context);
        return context;
    }

    private void EndPrimary()
    {
        if (primary is not null)
        {
            End(primary);
            primary = null;
        }
    }

    private void End(DeviceContext context)
    {
        if (device.Contexts.Remove(context.Handle) is null)
        {
            return;
        }
        device.Scheduler.Synchronize(context);
        context.IsDestroyed = true;
        RemoveAll(
            device.Modules,
            module => module.Context == context,
            module => module.Handle,
            module => module.Dispose()
        );
        RemoveAll(device.Kernels, kernel => kernel.Module.Context == context, kernel => kernel.Handle);
        RemoveAll(device.Events, mark => mark.Context == context, mark => mark.Handle);
        RemoveAll(device.Streams, stream => stream.Context == context, stream => stream.Handle);
        RemoveAll(device.Arrays, array => array.Context == context, array => array.Handle);
        device.Textures.RemoveAll(context);
        device.Memory.FreeAll(context);
        device.HostMemory?.FreeAll(context);
        context.Free();
    }

    private static void RemoveAll<T>(
        Handles.HandleTable<T> table,
        Func<T, bool> isOurs,
        Func<T, nint> handleOf,
        Action<T>? end = null
    )
        where T : class
    {
        foreach (T one in table.All.Where(isOurs))
        {
            if (table.Remove(handleOf(one)) is { } removed)
            {
                end?.Invoke(removed);
            }
        }
    }
}
