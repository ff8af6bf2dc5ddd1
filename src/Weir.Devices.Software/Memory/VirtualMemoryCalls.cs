using Weir.Api;
using Weir.Devices.Software.Contexts;

namespace Weir.Devices.Software.Memory;

/// <summary>Calls that reserve addresses, make physical memory and map one to the other.</summary>
internal sealed unsafe class VirtualMemoryCalls(SoftwareDevice device, CurrentContexts contexts)
{
    private const ulong Granularity = VirtualMemory.Granularity;
    private const int Pinned = 1;

    public CuResult Reserve(ulong* result, nuint bytes, nuint alignment, ulong flags)
    {
        if (!contexts.IsInitialized)
        {
            return CuResult.NotInitialized;
        }
        // The wish for an address is one that a device need not fulfil.
        if (result is null || !IsSize(bytes) || (alignment & (alignment - 1)) != 0 || flags != 0)
        {
            return CuResult.InvalidValue;
        }
        *result = device.Virtual.Reserve(bytes, alignment);
        return *result == 0 ? CuResult.OutOfMemory : CuResult.Success;
    }

    public CuResult Release(ulong address, nuint bytes) =>
        !contexts.IsInitialized ? CuResult.NotInitialized
        : device.Virtual.TryRelease(address, bytes) ? CuResult.Success
        : CuResult.InvalidValue;

    public CuResult Create(nint* result, nuint bytes, CUmemAllocationProp* wanted, ulong flags)
    {
        CuResult check = CheckProperties(wanted);
        if (check != CuResult.Success || result is null || !IsSize(bytes) || flags != 0)
        {
            return check != CuResult.Success ? check : CuResult.InvalidValue;
        }
        if (device.Virtual.Create(bytes, wanted->allocFlags) is not { } memory)
        {
            device.Log(
                $"out of memory: {bytes} bytes asked for, {device.Memory.UsedBytes} of {device.Memory.LimitBytes} in use"
            );
            return CuResult.OutOfMemory;
        }
        memory.Handle = device.Physical.Add(memory);
        *result = memory.Handle;
        return CuResult.Success;
    }

    public CuResult ReleaseHandle(nint handle)
    {
        if (device.Physical.Find(handle) is not { } memory)
        {
            return NoHandle();
        }
        if (device.Virtual.Release(memory))
        {
            _ = device.Physical.Remove(handle);
            memory.Handle = 0;
        }
        return CuResult.Success;
    }

    public CuResult Map(ulong address, nuint bytes, nuint offset, nint handle, ulong flags)
    {
        if (device.Physical.Find(handle) is not { } memory)
        {
            return NoHandle();
        }
        return
            flags == 0
            && IsSize(bytes)
            && address % Granularity == 0
            && offset % Granularity == 0
            && device.Virtual.TryMap(address, bytes, offset, memory)
            ? CuResult.Success
            : CuResult.InvalidValue;
    }

    public CuResult Unmap(ulong address, nuint bytes)
    {
        if (!contexts.IsInitialized)
        {
            return CuResult.NotInitialized;
        }
        // Kernels that run may still use it.
        if (device.Scheduler.Outstanding > 0)
        {
            foreach (DeviceContext context in device.Contexts.All)
            {
                device.Scheduler.Synchronize(context);
            }
        }
        return IsSize(bytes) && device.Virtual.TryUnmap(address, bytes) ? CuResult.Success : CuResult.InvalidValue;
    }

    public CuResult SetAccess(ulong address, nuint bytes, CUmemAccessDesc* wanted, nuint count)
    {
        if (!contexts.IsInitialized)
        {
            return CuResult.NotInitialized;
        }
        if (!IsSize(bytes) || wanted is null || count == 0)
        {
            return CuResult.InvalidValue;
        }
        for (nuint i = 0; i < count; i++)
        {
            if (wanted[i].location is not { type: CUmemLocation.Device, id: 0 } || wanted[i].flags is not (0 or 1 or 3))
            {
                return wanted[i].location is { type: CUmemLocation.Device, id: 0 }
                    ? CuResult.InvalidValue
                    : CuResult.InvalidDevice;
            }
            if (!device.Virtual.TrySetAccess(address, bytes, wanted[i].flags))
            {
                return CuResult.InvalidValue;
            }
        }
        return CuResult.Success;
    }

    public CuResult GetAccess(ulong* flags, CUmemLocation* location, ulong address)
    {
        if (!contexts.IsInitialized)
        {
            return CuResult.NotInitialized;
        }
        if (flags is null || location is null || device.Virtual.AccessAt(address) is not { } access)
        {
            return CuResult.InvalidValue;
        }
        *flags = *location is { type: CUmemLocation.Device, id: 0 } ? (ulong)access : 0;
        return CuResult.Success;
    }

    public CuResult GetGranularity(nuint* result, CUmemAllocationProp* wanted, int option)
    {
        CuResult check = CheckProperties(wanted);
        if (check != CuResult.Success || result is null || option is not (0 or 1))
        {
            return check != CuResult.Success ? check : CuResult.InvalidValue;
        }
        *result = (nuint)Granularity;
        return CuResult.Success;
    }

    public CuResult GetProperties(CUmemAllocationProp* result, nint handle)
    {
        if (device.Physical.Find(handle) is not { } memory)
        {
            return NoHandle();
        }
        if (result is null)
        {
            return CuResult.InvalidValue;
        }
        *result = new CUmemAllocationProp
        {
            type = Pinned,
            location = new CUmemLocation { type = CUmemLocation.Device, id = 0 },
            allocFlags = memory.Flags,
        };
        return CuResult.Success;
    }

    public CuResult Retain(nint* result, ulong address)
    {
        if (!contexts.IsInitialized || result is null)
        {
            return contexts.IsInitialized ? CuResult.InvalidValue : CuResult.NotInitialized;
        }
        if (device.Virtual.Retain(address) is not { } memory)
        {
            return CuResult.InvalidValue;
        }
        if (memory.Handle == 0)
        {
            memory.Handle = device.Physical.Add(memory);
        }
        *result = memory.Handle;
        return CuResult.Success;
    }

    private static bool IsSize(nuint bytes) => bytes != 0 && bytes % Granularity == 0;

    private CuResult NoHandle() => contexts.IsInitialized ? CuResult.InvalidHandle : CuResult.NotInitialized;

    private CuResult CheckProperties(CUmemAllocationProp* wanted) =>
        !contexts.IsInitialized ? CuResult.NotInitialized
        : wanted is null || wanted->type != Pinned || wanted->location.type != CUmemLocation.Device
            ? CuResult.InvalidValue
        : wanted->location.id != 0 ? CuResult.InvalidDevice
        : wanted->requestedHandleTypes != 0 ? CuResult.NotSupported
        : CuResult.Success;
}
