using Weir.Api;
using Weir.Shim.Guest;

namespace Weir.Shim;

/// <summary>Host memory: pinned, managed, registered; and freeing, which looks at the address to tell them apart.</summary>
internal static unsafe partial class CustomCalls
{
    private const uint KnownHostFlags = 7;
    private const uint KnownRegisterFlags = 0xF;
    private const uint DeviceMapFlag = 2;

    internal static CuResult MemAllocHost(void** pp, nuint bytesize) => MemHostAlloc(pp, bytesize, 0);

    internal static CuResult MemHostAlloc(void** pp, nuint bytesize, uint Flags)
    {
        ClientThread* thread;
        var result = EnterContext(&thread);
        if (result != CuResult.Success)
        {
            return result;
        }
        if (pp == null || bytesize == 0 || (Flags & ~KnownHostFlags) != 0)
        {
            return CuResult.InvalidValue;
        }
        ulong address;
        result = AllocateHost(thread, bytesize, Flags, &address);
        if (result == CuResult.Success)
        {
            *pp = (void*)address;
        }
        return result;
    }

    internal static CuResult MemAllocManaged(ulong* dptr, nuint bytesize, uint flags)
    {
        const uint global = 1;
        const uint host = 2;
        ClientThread* thread;
        var result = EnterContext(&thread);
        if (result != CuResult.Success)
        {
            return result;
        }
        if (dptr == null || bytesize == 0 || flags is not (global or host))
        {
            return CuResult.InvalidValue;
        }
        if (Window.IsHostElsewhere)
        {
            Log.Line("managed memory is not possible on a device of another node: use cuMemAlloc and copies"u8);
            return CuResult.NotSupported;
        }
        return AllocateHost(thread, bytesize, HostMemory.Managed, dptr);
    }

    internal static CuResult MemFreeHost(void* p)
    {
        ClientThread* thread;
        var result = EnterContext(&thread);
        if (result != CuResult.Success)
        {
            return result;
        }
        if (!HostMemory.TryFind((ulong)p, out var range) || range.Address != (ulong)p || IsManaged(range))
        {
            return CuResult.InvalidValue;
        }
        return FreeHost(thread, range);
    }

    internal static CuResult MemFree(ulong dptr)
    {
        ClientThread* thread;
        var result = EnterContext(&thread);
        if (result != CuResult.Success)
        {
            return result;
        }
        if (dptr == 0)
        {
            return CuResult.Success;
        }
        if (!Window.IsHost(dptr))
        {
            KnownRanges.Forget();
            TextureReuse.Forget(thread);
            return WireCalls.MemFree(thread, dptr);
        }
        if (!HostMemory.TryFind(dptr, out var range) || range.Address != dptr || !IsManaged(range))
        {
            return CuResult.InvalidValue;
        }
        return FreeHost(thread, range);
    }

    internal static CuResult MemHostGetDevicePointer(ulong* pdptr, void* p, uint Flags)
    {
        ClientThread* thread;
        var result = EnterContext(&thread);
        if (result != CuResult.Success)
        {
            return result;
        }
        if (pdptr == null || Flags != 0 || !HostMemory.TryFind((ulong)p, out _))
        {
            return CuResult.InvalidValue;
        }
        if (Window.IsHostElsewhere)
        {
            Log.Line("kernels on a device of another node cannot reach page-locked memory: copy it"u8);
            return CuResult.NotSupported;
        }
        *pdptr = (ulong)p;
        return CuResult.Success;
    }

    internal static CuResult MemHostGetFlags(uint* pFlags, void* p)
    {
        ClientThread* thread;
        var result = EnterContext(&thread);
        if (result != CuResult.Success)
        {
            return result;
        }
        if (pFlags == null)
        {
            return CuResult.InvalidValue;
        }
        if (HostMemory.TryFind((ulong)p, out var range) && !IsManaged(range))
        {
            // Every device sees all of it, so it is mapped and portable whether asked for or not; the answer tells what was asked.
            *pFlags = range.Flags | DeviceMapFlag;
            return CuResult.Success;
        }
        return RegisteredRanges.TryFlags((ulong)p, out *pFlags) ? CuResult.Success : CuResult.InvalidValue;
    }

    /// <summary>Memory of the program's own cannot be seen by the worker, so it cannot be mapped; else it is noted.</summary>
    internal static CuResult MemHostRegister(void* p, nuint bytesize, uint Flags)
    {
        ClientThread* thread;
        var result = EnterContext(&thread);
        if (result != CuResult.Success)
        {
            return result;
        }
        if (p == null || bytesize == 0 || (Flags & ~KnownRegisterFlags) != 0)
        {
            return CuResult.InvalidValue;
        }
        if ((Flags & DeviceMapFlag) != 0)
        {
            return CuResult.NotSupported;
        }
        return !HostMemory.TryFind((ulong)p, out _) && RegisteredRanges.TryAdd((ulong)p, bytesize, Flags)
            ? CuResult.Success
            : CuResult.HostMemoryAlreadyRegistered;
    }

    internal static CuResult MemHostUnregister(void* p)
    {
        ClientThread* thread;
        var result = EnterContext(&thread);
        if (result != CuResult.Success)
        {
            return result;
        }
        if (p == null)
        {
            return CuResult.InvalidValue;
        }
        return RegisteredRanges.Remove((ulong)p) ? CuResult.Success : CuResult.HostMemoryNotRegistered;
    }

    private static bool IsManaged(in HostMemory.Range range) => (range.Flags & HostMemory.Managed) != 0;

    private static CuResult AllocateHost(ClientThread* thread, nuint bytes, uint flags, ulong* address)
    {
        var made = HostMemory.Allocate(bytes, flags);
        if (made == 0)
        {
            return CuResult.OutOfMemory;
        }
        if (!HostMemory.TryFind(made, out var range))
        {
            return CuResult.Unknown;
        }
        var result = WireCalls.UseHost(thread, made, range.Bytes, flags);
        if (result != CuResult.Success)
        {
            HostMemory.Free(made);
            return result;
        }
        *address = made;
        return CuResult.Success;
    }

    private static CuResult FreeHost(ClientThread* thread, in HostMemory.Range range)
    {
        TextureReuse.Forget(thread);
        var result = WireCalls.ReleaseHost(thread, range.Address, range.Bytes);
        HostMemory.Free(range.Address);
        return result;
    }
}
