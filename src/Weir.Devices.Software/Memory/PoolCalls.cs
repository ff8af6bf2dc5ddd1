using Weir.Api;
using Weir.Devices.Software.Contexts;
using Weir.Devices.Software.Execution;

namespace Weir.Devices.Software.Memory;

/// <summary>Allocations in stream order, and the pools that they come from.</summary>
internal sealed unsafe class PoolCalls
{
    private const int Pinned = 1;

    private readonly SoftwareDevice device;
    private readonly CurrentContexts contexts;
    private readonly StreamCalls streams;
    private readonly DevicePool defaultPool;
    private DevicePool currentPool;

    public PoolCalls(SoftwareDevice device, CurrentContexts contexts, StreamCalls streams)
    {
        this.device = device;
        this.contexts = contexts;
        this.streams = streams;
        defaultPool = new DevicePool(device.Memory.LimitBytes, isDefault: true);
        defaultPool.Handle = device.Pools.Add(defaultPool);
        currentPool = defaultPool;
    }

    public CuResult Allocate(ulong* result, nuint bytes, nint stream) =>
        Allocate(result, bytes, Volatile.Read(ref currentPool), stream);

    public CuResult AllocateFrom(ulong* result, nuint bytes, nint pool, nint stream) =>
        device.Pools.Find(pool) is { } found ? Allocate(result, bytes, found, stream) : NoHandle();

    public CuResult Free(ulong address, nint stream)
    {
        CuResult check = streams.Resolve(stream, out DeviceStream queue);
        if (check != CuResult.Success || address == 0)
        {
            return check != CuResult.Success ? check : CuResult.InvalidValue;
        }
        if (device.Memory.Find(address) is not { FreedByAddress: true } allocation || allocation.Address != address)
        {
            device.Log($"free of 0x{address:x}, which is no allocation");
            return CuResult.InvalidValue;
        }
        if (device.Scheduler.IsDone(queue))
        {
            Free(allocation);
        }
        else
        {
            device.Scheduler.Enqueue(new MarkerCommand(queue, () => Free(allocation)));
        }
        return CuResult.Success;
    }

    public CuResult Create(nint* result, CUmemPoolProps* wanted)
    {
        if (!contexts.IsInitialized || result is null || wanted is null)
        {
            return contexts.IsInitialized ? CuResult.InvalidValue : CuResult.NotInitialized;
        }
        if (wanted->handleTypes != 0)
        {
            return CuResult.NotSupported;
        }
        if (wanted->allocType != Pinned || !IsHere(wanted->location))
        {
            return CuResult.InvalidValue;
        }
        ulong most = wanted->maxSize == 0 ? device.Memory.LimitBytes : wanted->maxSize;
        DevicePool pool = new(most, isDefault: false);
        pool.Handle = device.Pools.Add(pool);
        *result = pool.Handle;
        return CuResult.Success;
    }

    // What was allocated from it lives on until it is freed.
    public CuResult Destroy(nint handle)
    {
        if (handle == defaultPool.Handle)
        {
            return CuResult.InvalidValue;
        }
        if (device.Pools.Remove(handle) is not { } pool)
        {
            return NoHandle();
        }
        _ = Interlocked.CompareExchange(ref currentPool, defaultPool, pool);
        return CuResult.Success;
    }

    // Nothing is kept, so there is nothing to give back.
    public CuResult Trim(nint handle) => device.Pools.Find(handle) is null ? NoHandle() : CuResult.Success;

    public CuResult SetAttribute(nint handle, CUmemPool_attribute attribute, void* value)
    {
        if (device.Pools.Find(handle) is not { } pool)
        {
            return NoHandle();
        }
        if (value is null)
        {
            return CuResult.InvalidValue;
        }
        switch (attribute)
        {
            case >= CUmemPool_attribute.ReuseFollowEventDependencies
            and <= CUmemPool_attribute.ReuseAllowInternalDependencies:
                pool.Reuse[attribute - CUmemPool_attribute.ReuseFollowEventDependencies] = *(int*)value != 0;
                return CuResult.Success;
            case CUmemPool_attribute.ReleaseThreshold:
                pool.ReleaseThresholdBytes = *(ulong*)value;
                return CuResult.Success;
            case CUmemPool_attribute.ReservedMemHigh or CUmemPool_attribute.UsedMemHigh when *(ulong*)value == 0:
                pool.ResetHigh();
                return CuResult.Success;
            default:
                return CuResult.InvalidValue;
        }
    }

    public CuResult GetAttribute(nint handle, CUmemPool_attribute attribute, void* value)
    {
        if (device.Pools.Find(handle) is not { } pool)
        {
            return NoHandle();
        }
        if (value is null)
        {
            return CuResult.InvalidValue;
        }
        switch (attribute)
        {
            case >= CUmemPool_attribute.ReuseFollowEventDependencies
            and <= CUmemPool_attribute.ReuseAllowInternalDependencies:
                *(int*)value = pool.Reuse[attribute - CUmemPool_attribute.ReuseFollowEventDependencies] ? 1 : 0;
                return CuResult.Success;
            case CUmemPool_attribute.ReleaseThreshold:
                *(ulong*)value = pool.ReleaseThresholdBytes;
                return CuResult.Success;
            case CUmemPool_attribute.ReservedMemCurrent or CUmemPool_attribute.UsedMemCurrent:
                *(ulong*)value = pool.UsedBytes;
                return CuResult.Success;
            case CUmemPool_attribute.ReservedMemHigh or CUmemPool_attribute.UsedMemHigh:
                *(ulong*)value = pool.UsedHighBytes;
                return CuResult.Success;
            default:
                return CuResult.InvalidValue;
        }
    }

    /// <summary>The device may always read and write what is its own; there is no other to give access to.</summary>
    public CuResult SetAccess(nint handle, CUmemAccessDesc* map, nuint count)
    {
        if (device.Pools.Find(handle) is null)
        {
            return NoHandle();
        }
        for (nuint i = 0; i < count; i++)
        {
            if (map is null || !IsHere(map[i].location) || map[i].flags != CUmemAccessDesc.ReadWrite)
            {
                return map is not null && !IsHere(map[i].location) ? CuResult.InvalidDevice : CuResult.InvalidValue;
            }
        }
        return CuResult.Success;
    }

    public CuResult GetAccess(int* flags, nint handle, CUmemLocation* location)
    {
        if (device.Pools.Find(handle) is null)
        {
            return NoHandle();
        }
        if (flags is null || location is null)
        {
            return CuResult.InvalidValue;
        }
        *flags = IsHere(*location) ? CUmemAccessDesc.ReadWrite : 0;
        return CuResult.Success;
    }

    public CuResult GetDefault(nint* result, int ordinal)
    {
        if (!contexts.IsInitialized || result is null || ordinal != 0)
        {
            return !contexts.IsInitialized ? CuResult.NotInitialized
                : result is null ? CuResult.InvalidValue
                : CuResult.InvalidDevice;
        }
        *result = defaultPool.Handle;
        return CuResult.Success;
    }

    public CuResult SetCurrent(int ordinal, nint handle)
    {
        if (ordinal != 0)
        {
            return CuResult.InvalidDevice;
        }
        if (device.Pools.Find(handle) is not { } pool)
        {
            return NoHandle();
        }
        Volatile.Write(ref currentPool, pool);
        return CuResult.Success;
    }

    private static bool IsHere(CUmemLocation location) => location is { type: CUmemLocation.Device, id: 0 };

    private CuResult NoHandle() => contexts.IsInitialized ? CuResult.InvalidHandle : CuResult.NotInitialized;

    private CuResult Allocate(ulong* result, nuint bytes, DevicePool pool, nint stream)
    {
        CuResult check = streams.Resolve(stream, out DeviceStream queue);
        if (check != CuResult.Success || result is null || bytes == 0)
        {
            return check != CuResult.Success ? check : CuResult.InvalidValue;
        }
        if (TryAllocate(bytes, pool) is not { } allocation)
        {
            // In the order of the stream, what it frees before this is free: it is awaited where that is needed.
            device.Scheduler.Synchronize(queue);
            allocation = TryAllocate(bytes, pool);
            if (allocation is null)
            {
                device.Log(
                    $"out of memory: {bytes} bytes asked for, {device.Memory.UsedBytes} of {device.Memory.LimitBytes} in use"
                );
                return CuResult.OutOfMemory;
            }
        }
        *result = allocation.Address;
        return CuResult.Success;
    }

    private DeviceAllocation? TryAllocate(nuint bytes, DevicePool pool)
    {
        if (!pool.TryTake(bytes))
        {
            return null;
        }
        DeviceAllocation? allocation = device.Memory.Allocate(bytes, pool);
        if (allocation is null)
        {
            pool.GiveBack(bytes);
        }
        return allocation;
    }

    private void Free(DeviceAllocation allocation)
    {
        if (device.Memory.Free(allocation.Address) is { Owner: DevicePool pool })
        {
            pool.GiveBack(allocation.SizeBytes);
        }
    }
}
