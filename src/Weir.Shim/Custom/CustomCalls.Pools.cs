using System.Runtime.CompilerServices;
using Weir.Api;
using Weir.Shim.Guest;
using Weir.Wire;

namespace Weir.Shim;

/// <summary>Memory pools: which pool is whose is known here; what is in them, to the worker.</summary>
internal static unsafe partial class CustomCalls
{
    private static GuestLock s_pools;
    private static PoolTable s_defaultPools;
    private static PoolTable s_currentPools;

    /// <summary>A pool's handle per device, 0 = not asked for yet.</summary>
    [InlineArray(SnapshotHeader.MaxDevices)]
    private struct PoolTable
    {
        private nint _first;
    }

    internal static CuResult MemFreeAsync(ulong dptr, nint hStream)
    {
        ClientThread* thread;
        var result = EnterStream(&thread, hStream);
        if (result != CuResult.Success)
        {
            return result;
        }
        KnownRanges.Forget();
        TextureReuse.Forget(thread);
        return WireCalls.MemFreeAsync(thread, dptr, hStream);
    }

    internal static CuResult MemPoolDestroy(nint pool)
    {
        ClientThread* thread;
        var result = ClientThread.Enter(&thread);
        if (result != CuResult.Success)
        {
            return result;
        }
        if (!Handles.IsLive(HandleKind.MemoryPool, pool))
        {
            return CuResult.InvalidHandle;
        }
        s_pools.Enter();
        for (var i = 0; i < Snapshot.DeviceCount && result == CuResult.Success; i++)
        {
            result = s_defaultPools[i] == pool ? CuResult.InvalidValue : CuResult.Success;
        }
        if (result == CuResult.Success)
        {
            result = WireCalls.MemPoolDestroy(thread, pool);
            Handles.Release(HandleKind.MemoryPool, pool);
            for (var i = 0; i < Snapshot.DeviceCount; i++)
            {
                // A device whose pool goes has its default one again.
                s_currentPools[i] = s_currentPools[i] == pool ? 0 : s_currentPools[i];
            }
        }
        s_pools.Leave();
        return result;
    }

    internal static CuResult MemPoolSetAttribute(nint pool, CUmemPool_attribute attr, void* value)
    {
        ClientThread* thread;
        var result = EnterPool(&thread, pool, value != null);
        if (result != CuResult.Success)
        {
            return result;
        }
        var wide = IsWide(attr) ? *(ulong*)value : *(uint*)value;
        return WireCalls.SetPoolAttribute(thread, pool, attr, wide);
    }

    internal static CuResult MemPoolGetAttribute(nint pool, CUmemPool_attribute attr, void* value)
    {
        ClientThread* thread;
        var result = EnterPool(&thread, pool, value != null);
        if (result != CuResult.Success)
        {
            return result;
        }
        ulong wide;
        result = WireCalls.GetPoolAttribute(thread, pool, attr, &wide);
        if (result == CuResult.Success && IsWide(attr))
        {
            *(ulong*)value = wide;
        }
        else if (result == CuResult.Success)
        {
            *(uint*)value = (uint)wide;
        }
        return result;
    }

    internal static CuResult DeviceGetDefaultMemPool(nint* pool_out, int dev)
    {
        ClientThread* thread;
        var result = EnterDevice(&thread, dev);
        if (result != CuResult.Success)
        {
            return result;
        }
        if (pool_out == null)
        {
            return CuResult.InvalidValue;
        }
        s_pools.Enter();
        result = DefaultPool(thread, pool_out, dev);
        s_pools.Leave();
        return result;
    }

    internal static CuResult DeviceGetMemPool(nint* pool, int dev)
    {
        ClientThread* thread;
        var result = EnterDevice(&thread, dev);
        if (result != CuResult.Success)
        {
            return result;
        }
        if (pool == null)
        {
            return CuResult.InvalidValue;
        }
        s_pools.Enter();
        *pool = s_currentPools[dev];
        if (*pool == 0)
        {
            result = DefaultPool(thread, pool, dev);
        }
        s_pools.Leave();
        return result;
    }

    internal static CuResult DeviceSetMemPool(int dev, nint pool)
    {
        ClientThread* thread;
        var result = EnterDevice(&thread, dev);
        if (result != CuResult.Success)
        {
            return result;
        }
        if (!Handles.IsLive(HandleKind.MemoryPool, pool))
        {
            return CuResult.InvalidHandle;
        }
        s_pools.Enter();
        result = WireCalls.DeviceSetMemPool(thread, dev, pool);
        if (result == CuResult.Success)
        {
            s_currentPools[dev] = pool;
        }
        s_pools.Leave();
        return result;
    }

    internal static CuResult MemGetDefaultMemPool(nint* pool_out, CUmemLocation* location, int type) =>
        IsDeviceMemory(location, type) ? DeviceGetDefaultMemPool(pool_out, location->id) : NoSuchPool(location);

    internal static CuResult MemGetMemPool(nint* pool, CUmemLocation* location, int type) =>
        IsDeviceMemory(location, type) ? DeviceGetMemPool(pool, location->id) : NoSuchPool(location);

    internal static CuResult MemSetMemPool(CUmemLocation* location, int type, nint pool) =>
        IsDeviceMemory(location, type) ? DeviceSetMemPool(location->id, pool) : NoSuchPool(location);

    internal static CuResult MemUnmap(ulong ptr, nuint size)
    {
        ClientThread* thread;
        var result = ClientThread.Enter(&thread);
        if (result != CuResult.Success)
        {
            return result;
        }
        KnownRanges.Forget();
        TextureReuse.Forget(thread);
        return WireCalls.MemUnmap(thread, ptr, size);
    }

    private static CuResult EnterPool(ClientThread** thread, nint pool, bool isValid)
    {
        var result = ClientThread.Enter(thread);
        return result != CuResult.Success ? result
            : !isValid ? CuResult.InvalidValue
            : Handles.IsLive(HandleKind.MemoryPool, pool) ? CuResult.Success
            : CuResult.InvalidHandle;
    }

    private static CuResult DefaultPool(ClientThread* thread, nint* pool, int device)
    {
        var result = CuResult.Success;
        if (s_defaultPools[device] == 0)
        {
            nint made;
            result = WireCalls.DefaultPool(thread, &made, device);
            s_defaultPools[device] = result == CuResult.Success ? made : 0;
        }
        *pool = s_defaultPools[device];
        return result;
    }

    private static bool IsWide(CUmemPool_attribute attribute) => attribute >= CUmemPool_attribute.ReleaseThreshold;

    private static bool IsDeviceMemory(CUmemLocation* location, int type)
    {
        const int pinned = 1;
        return location != null && location->type == CUmemLocation.Device && type == pinned;
    }

    /// <summary>Pools of host and managed memory are not there.</summary>
    private static CuResult NoSuchPool(CUmemLocation* location) =>
        Session.Check() != CuResult.Success ? CuResult.NotInitialized
        : location == null ? CuResult.InvalidValue
        : CuResult.NotSupported;
}
