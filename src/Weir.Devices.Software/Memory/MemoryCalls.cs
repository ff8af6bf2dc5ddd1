using Weir.Api;
using Weir.Devices.Software.Contexts;

namespace Weir.Devices.Software.Memory;

/// <summary>Calls that allocate, free and describe memory.</summary>
internal sealed unsafe class MemoryCalls(SoftwareDevice device, CurrentContexts contexts)
{
    private const uint HostFlags = 7;

    public CuResult Allocate(ulong* result, nuint bytes)
    {
        CuResult check = contexts.Get(out DeviceContext context);
        if (check != CuResult.Success || result is null || bytes == 0)
        {
            return check != CuResult.Success ? check : CuResult.InvalidValue;
        }
        if (device.Memory.Allocate(bytes, context) is not { } allocation)
        {
            device.Log(
                $"out of memory: {bytes} bytes asked for, {device.Memory.LeftBytes} of {device.Memory.LimitBytes} are left"
            );
            return CuResult.OutOfMemory;
        }
        *result = allocation.Address;
        return CuResult.Success;
    }

    public CuResult AllocatePitch(ulong* result, nuint* pitch, nuint widthBytes, nuint height, uint elementBytes)
    {
        if (pitch is null || widthBytes == 0 || height == 0 || elementBytes is not (4 or 8 or 16))
        {
            CuResult check = contexts.Get(out _);
            return check != CuResult.Success ? check : CuResult.InvalidValue;
        }
        const nuint Alignment = DeviceAttributes.TextureAlignment;
        UInt128 row = ((UInt128)widthBytes + Alignment - 1) / Alignment * Alignment;
        UInt128 total = row * height;
        if (total > ulong.MaxValue)
        {
            return CuResult.OutOfMemory;
        }
        CuResult allocated = Allocate(result, (nuint)total);
        if (allocated == CuResult.Success)
        {
            *pitch = (nuint)row;
        }
        return allocated;
    }

    public CuResult Free(ulong address)
    {
        CuResult check = contexts.Get(out _);
        if (check != CuResult.Success || address == 0)
        {
            return check;
        }
        // As the API: what is under way may still use the memory, so it is awaited.
        DeviceAllocation? allocation = device.Memory.Find(address);
        if (allocation is not null && device.Scheduler.Outstanding > 0)
        {
            // Memory of a pool belongs to no context: whichever uses it is awaited.
            IEnumerable<DeviceContext> users = allocation.Owner is DeviceContext owner ? [owner] : device.Contexts.All;
            foreach (DeviceContext user in users)
            {
                device.Scheduler.Synchronize(user);
            }
        }
        if (device.Memory.Free(address) is not { } freed)
        {
            device.Log($"free of 0x{address:x}, which is no allocation");
            return CuResult.InvalidValue;
        }
        (freed.Owner as DevicePool)?.GiveBack(freed.SizeBytes);
        return CuResult.Success;
    }

    public CuResult GetInfo(nuint* free, nuint* total)
    {
        CuResult check = contexts.Get(out _);
        if (check != CuResult.Success || free is null || total is null)
        {
            return check != CuResult.Success ? check : CuResult.InvalidValue;
        }
        *free = (nuint)device.Memory.LeftBytes;
        *total = (nuint)device.Memory.LimitBytes;
        return CuResult.Success;
    }

    public CuResult GetAddressRange(ulong* start, nuint* bytes, ulong address)
    {
        CuResult check = contexts.Get(out _);
        if (check != CuResult.Success)
        {
            return check;
        }
        ulong first;
        ulong size;
        if (Find(address) is { } allocation)
        {
            (first, size) = (allocation.Address, allocation.SizeBytes);
        }
        else if (!device.Virtual.TryFindRange(address, out first, out size))
        {
            return CuResult.NotFound;
        }
        if (start is not null)
        {
            *start = first;
        }
        if (bytes is not null)
        {
            *bytes = (nuint)size;
        }
        return CuResult.Success;
    }

    public CuResult AllocateHost(void** result, nuint bytes, uint flags)
    {
        CuResult check = contexts.Get(out DeviceContext context);
        if (check != CuResult.Success || result is null || bytes == 0 || (flags & ~HostFlags) != 0)
        {
            return check != CuResult.Success ? check : CuResult.InvalidValue;
        }
        if (device.HostMemory is null)
        {
            return CuResult.NotSupported;
        }
        if (device.HostMemory.Allocate(bytes, context) is not { } allocation)
        {
            return CuResult.OutOfMemory;
        }
        *result = (void*)allocation.Address;
        return CuResult.Success;
    }

    public CuResult FreeHost(void* address)
    {
        CuResult check = contexts.Get(out _);
        if (check != CuResult.Success)
        {
            return check;
        }
        if (device.HostMemory?.Find((ulong)address) is { Owner: DeviceContext owner })
        {
            device.Scheduler.Synchronize(owner);
        }
        return device.HostMemory?.Free((ulong)address) is null ? CuResult.InvalidValue : CuResult.Success;
    }

    public CuResult HostDevicePointer(ulong* result, void* address, uint flags)
    {
        CuResult check = contexts.Get(out _);
        if (check != CuResult.Success || result is null || flags != 0 || !IsPageLocked((ulong)address))
        {
            return check != CuResult.Success ? check : CuResult.InvalidValue;
        }
        *result = (ulong)address;
        return CuResult.Success;
    }

    public CuResult HostFlagsOf(uint* flags, void* address)
    {
        CuResult check = contexts.Get(out _);
        if (check != CuResult.Success || flags is null || !IsPageLocked((ulong)address))
        {
            return check != CuResult.Success ? check : CuResult.InvalidValue;
        }
        *flags = 2; // CU_MEMHOSTALLOC_DEVICEMAP
        return CuResult.Success;
    }

    public CuResult GetAttributes(uint count, CUpointer_attribute* attributes, void** data, ulong address)
    {
        CuResult check = contexts.Get(out _);
        if (check != CuResult.Success || attributes is null || data is null || count == 0)
        {
            return check != CuResult.Success ? check : CuResult.InvalidValue;
        }
        for (uint index = 0; index < count; index++)
        {
            CuResult result = GetAttribute(data[index], attributes[index], address);
            // For an address that is not known the API clears what was asked for.
            if (result == CuResult.InvalidValue && data[index] is not null && Find(address) is null)
            {
                PointerAttributes.Clear(data[index], attributes[index]);
            }
            else if (result != CuResult.Success)
            {
                return result;
            }
        }
        return CuResult.Success;
    }

    public CuResult GetAttribute(void* data, CUpointer_attribute attribute, ulong address)
    {
        CuResult check = contexts.Get(out _);
        if (check != CuResult.Success || data is null)
        {
            return check != CuResult.Success ? check : CuResult.InvalidValue;
        }
        if (Find(address) is not { } allocation)
        {
            return CuResult.InvalidValue;
        }
        bool isHost = !device.Memory.Covers(address);
        return PointerAttributes.Write(data, attribute, address, allocation, isHost);
    }

    private DeviceAllocation? Find(ulong address) => device.Memory.Find(address) ?? device.HostMemory?.Find(address);

    private bool IsPageLocked(ulong address) =>
        device.HostMemory is not null
            ? device.HostMemory.Find(address) is not null
            : address - device.Window.Address - device.Window.DeviceBytes
                < device.Window.SizeBytes - device.Window.DeviceBytes;
}
