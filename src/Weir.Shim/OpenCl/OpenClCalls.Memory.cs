using Weir.Api;
using Weir.Shim.Guest;

namespace Weir.Shim;

/// <content>Buffers, and what all memory objects answer.</content>
internal static unsafe partial class OpenClCalls
{
    private const ulong MemReadWrite = 1;
    private const ulong MemWriteOnly = 2;
    private const ulong MemReadOnly = 4;
    private const ulong MemUseHost = 8;
    private const ulong MemAllocHost = 16;
    private const ulong MemCopyHost = 32;
    private const ulong MemHostWriteOnly = 128;
    private const ulong MemHostReadOnly = 256;
    private const ulong MemHostNoAccess = 512;
    private const ulong MemKernelReadAndWrite = 4096;
    private const ulong HostAccess = MemHostWriteOnly | MemHostReadOnly | MemHostNoAccess;
    private const ulong DeviceAccess = MemReadWrite | MemWriteOnly | MemReadOnly;
    private const ulong HostPointerFlags = MemUseHost | MemAllocHost | MemCopyHost;

    internal const uint TypeBuffer = 0x10F0;
    private const uint Type2D = 0x10F1;
    private const uint Type3D = 0x10F2;
    private const uint Type2DArray = 0x10F3;
    private const uint Type1D = 0x10F4;
    private const uint Type1DArray = 0x10F5;
    private const uint Type1DBuffer = 0x10F6;

    internal static nint CreateBuffer(nint context, ulong flags, nuint size, void* host_ptr, int* errcode_ret) =>
        CreateBufferWithProperties(context, null, flags, size, host_ptr, errcode_ret);

    internal static nint CreateBufferWithProperties(
        nint context,
        ulong* properties,
        ulong flags,
        nuint size,
        void* host_ptr,
        int* errcode_ret
    )
    {
        var owner = ClObject.Of(context, HandleKind.ClContext);
        if (owner == null)
        {
            return Fail(ClResult.InvalidContext, errcode_ret);
        }
        if (properties != null && *properties != 0)
        {
            return Fail(ClResult.InvalidProperty, errcode_ret);
        }
        var result = CheckMemoryFlags(flags, host_ptr);
        if (result == ClResult.Success && size == 0)
        {
            result = ClResult.InvalidBufferSize;
        }
        ClientThread* thread = null;
        if (result == ClResult.Success)
        {
            result = Enter(&thread);
        }
        nint handle = 0;
        var place = result == ClResult.Success ? PlacedBuffers.Reserve(owner, size) : 0;
        if (result == ClResult.Success)
        {
            result = WireCalls.ClCreateBuffer(thread, &handle, owner->Handle, flags & ~HostPointerFlags, size, place);
        }
        if (result != ClResult.Success)
        {
            _ = HostMemory.Free(place);
            return Fail(result, errcode_ret);
        }
        var made = ClObject.Adopt(handle, owner);
        if (made == null)
        {
            return Give(null, errcode_ret);
        }
        made->IsPlaced = place != 0 ? 1 : 0;
        made->Shadow = (byte*)place;
        made->Type = TypeBuffer;
        made->Flags = (flags & DeviceAccess) == 0 ? flags | MemReadWrite : flags;
        made->Bytes = size;
        made->HostPointer = (flags & MemUseHost) != 0 ? (byte*)host_ptr : null;
        if (!KeepProperties(made, properties, 8))
        {
            result = ClResult.OutOfHostMemory;
        }
        else if (host_ptr != null && place != 0)
        {
            _ = GuestLibc.Copy((void*)place, host_ptr, size);
        }
        else if (host_ptr != null)
        {
            result = Transfers.FillNew(thread, made, ClBox.Linear(0, size, (byte*)host_ptr));
        }
        if (result != ClResult.Success)
        {
            ClObject.Unuse(made);
            return Fail(result, errcode_ret);
        }
        return Give(made, errcode_ret);
    }

    private static ClResult CheckMemoryFlags(ulong flags, void* host)
    {
        if (
            (flags & ~(DeviceAccess | HostPointerFlags | HostAccess | MemKernelReadAndWrite)) != 0
            || System.Numerics.BitOperations.PopCount(flags & DeviceAccess) > 1
            || System.Numerics.BitOperations.PopCount(flags & HostAccess) > 1
            || ((flags & MemUseHost) != 0 && (flags & (MemAllocHost | MemCopyHost)) != 0)
        )
        {
            return ClResult.InvalidValue;
        }
        return (host != null) == ((flags & (MemUseHost | MemCopyHost)) != 0)
            ? ClResult.Success
            : ClResult.InvalidHostPtr;
    }

    internal static nint CreateSubBuffer(
        nint buffer,
        ulong flags,
        uint buffer_create_type,
        void* buffer_create_info,
        int* errcode_ret
    )
    {
        const uint Region = 0x1220;
        var parent = ClObject.Of(buffer, HandleKind.ClMemory);
        if (parent == null || parent->Type != TypeBuffer || parent->Parent != null)
        {
            return Fail(ClResult.InvalidMemObject, errcode_ret);
        }
        if (
            buffer_create_type != Region
            || buffer_create_info == null
            || (flags & ~(DeviceAccess | HostAccess)) != 0
            || System.Numerics.BitOperations.PopCount(flags & DeviceAccess) > 1
            || System.Numerics.BitOperations.PopCount(flags & HostAccess) > 1
            || ((parent->Flags & MemWriteOnly) != 0 && (flags & (MemReadWrite | MemReadOnly)) != 0)
            || ((parent->Flags & MemReadOnly) != 0 && (flags & (MemReadWrite | MemWriteOnly)) != 0)
            || ((parent->Flags & MemHostWriteOnly) != 0 && (flags & MemHostReadOnly) != 0)
            || ((parent->Flags & MemHostReadOnly) != 0 && (flags & MemHostWriteOnly) != 0)
            || ((parent->Flags & MemHostNoAccess) != 0 && (flags & (MemHostReadOnly | MemHostWriteOnly)) != 0)
        )
        {
            return Fail(ClResult.InvalidValue, errcode_ret);
        }
        var origin = ((nuint*)buffer_create_info)[0];
        var size = ((nuint*)buffer_create_info)[1];
        if (size == 0)
        {
            return Fail(ClResult.InvalidBufferSize, errcode_ret);
        }
        if (origin > parent->Bytes || size > parent->Bytes - origin)
        {
            return Fail(ClResult.InvalidValue, errcode_ret);
        }
        flags |= (flags & DeviceAccess) == 0 ? parent->Flags & DeviceAccess : 0;
        flags |= (flags & HostAccess) == 0 ? parent->Flags & HostAccess : 0;
        ClientThread* thread;
        var result = Enter(&thread);
        nint handle = 0;
        if (result == ClResult.Success)
        {
            result = WireCalls.ClCreateSubBuffer(thread, &handle, parent->Handle, flags, origin, size);
        }
        if (result != ClResult.Success)
        {
            return Fail(result, errcode_ret);
        }
        var made = ClObject.Adopt(handle, parent->Context);
        if (made != null)
        {
            made->Type = TypeBuffer;
            made->Flags = flags | (parent->Flags & HostPointerFlags);
            made->Bytes = size;
            made->Origin = origin;
            made->Parent = parent;
            made->HostPointer = parent->HostPointer == null ? null : parent->HostPointer + origin;
            ClObject.Use(parent);
        }
        return Give(made, errcode_ret);
    }

    internal static ClResult RetainMemObject(nint memobj) =>
        ClObject.Retain(memobj, HandleKind.ClMemory, ClResult.InvalidMemObject);

    internal static ClResult ReleaseMemObject(nint memobj) =>
        ClObject.Release(memobj, HandleKind.ClMemory, ClResult.InvalidMemObject);

    internal static ClResult SetMemObjectDestructorCallback(nint memobj, nint pfn_notify, void* user_data)
    {
        var found = ClObject.Of(memobj, HandleKind.ClMemory);
        return found == null ? ClResult.InvalidMemObject : NoteDestructor(found, pfn_notify, user_data);
    }

    internal static ClResult GetSupportedImageFormats(
        nint context,
        ulong flags,
        uint image_type,
        uint num_entries,
        ClImageFormat* image_formats,
        uint* num_image_formats
    )
    {
        var owner = ClObject.Of(context, HandleKind.ClContext);
        if (owner == null)
        {
            return ClResult.InvalidContext;
        }
        if (image_formats != null && num_entries == 0)
        {
            return ClResult.InvalidValue;
        }
        const nuint Most = 1024 * 8;
        var all = stackalloc byte[(int)Most];
        nuint bytes;
        var result = Ask(OpenClSubject.Formats, (ulong)owner->Handle, flags, image_type, Most, all, &bytes);
        if (result != ClResult.Success)
        {
            return result;
        }
        var count = (uint)(bytes / 8);
        if (num_image_formats != null)
        {
            *num_image_formats = count;
        }
        if (image_formats != null)
        {
            _ = GuestLibc.Copy(image_formats, all, (count < num_entries ? count : num_entries) * 8);
        }
        return ClResult.Success;
    }

    // No device here has pipes, so no object is one.
    internal static ClResult GetPipeInfo(
        nint pipe,
        uint param_name,
        nuint param_value_size,
        void* param_value,
        nuint* param_value_size_ret
    ) => ClResult.InvalidMemObject;

    internal static ClResult GetMemObjectInfo(
        nint memobj,
        uint param_name,
        nuint param_value_size,
        void* param_value,
        nuint* param_value_size_ret
    )
    {
        var found = ClObject.Of(memobj, HandleKind.ClMemory);
        if (found == null)
        {
            return ClResult.InvalidMemObject;
        }
        return param_name switch
        {
            0x1100 => Answer(found->Type, param_value_size, param_value, param_value_size_ret),
            0x1101 => Answer(found->Flags, param_value_size, param_value, param_value_size_ret),
            0x1102 when found->Type == TypeBuffer => Answer(
                found->Bytes,
                param_value_size,
                param_value,
                param_value_size_ret
            ),
            0x1103 => Answer((nint)found->HostPointer, param_value_size, param_value, param_value_size_ret),
            0x1104 => Answer(CountMappings(found), param_value_size, param_value, param_value_size_ret),
            0x1105 => Answer((uint)found->References, param_value_size, param_value, param_value_size_ret),
            0x1106 => Answer((nint)found->Context, param_value_size, param_value, param_value_size_ret),
            0x1107 => Answer((nint)found->Parent, param_value_size, param_value, param_value_size_ret),
            0x1108 => Answer(found->Origin, param_value_size, param_value, param_value_size_ret),
            0x1109 => Answer(0u, param_value_size, param_value, param_value_size_ret),
            0x110A => Answer(
                found->Properties,
                found->PropertyBytes,
                param_value_size,
                param_value,
                param_value_size_ret
            ),
            _ => Ask(
                OpenClSubject.Memory,
                (ulong)found->Handle,
                0,
                param_name,
                param_value_size,
                param_value,
                param_value_size_ret
            ),
        };
    }

    private static uint CountMappings(ClObject* memory)
    {
        s_lists.Enter();
        uint count = 0;
        for (var mapping = memory->Mappings; mapping != null; mapping = mapping->Next)
        {
            count++;
        }
        s_lists.Leave();
        return count;
    }

    internal static ClResult GetImageInfo(
        nint image,
        uint param_name,
        nuint param_value_size,
        void* param_value,
        nuint* param_value_size_ret
    )
    {
        const uint BufferOfImage = 0x1118;
        var found = ClObject.Of(image, HandleKind.ClMemory);
        if (found == null || found->Type == TypeBuffer)
        {
            return ClResult.InvalidMemObject;
        }
        return param_name switch
        {
            BufferOfImage => Answer((nint)found->Parent, param_value_size, param_value, param_value_size_ret),
            _ => Ask(
                OpenClSubject.Image,
                (ulong)found->Handle,
                0,
                param_name,
                param_value_size,
                param_value,
                param_value_size_ret
            ),
        };
    }
}
