using Weir.Api;
using Weir.Shim.Guest;

namespace Weir.Shim;

/// <content>Buffers, images, samplers.</content>
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

    private const uint TypeBuffer = 0x10F0;
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
        if (result == ClResult.Success)
        {
            result = WireCalls.ClCreateBuffer(thread, &handle, owner->Handle, flags & ~HostPointerFlags, size);
        }
        if (result != ClResult.Success)
        {
            return Fail(result, errcode_ret);
        }
        var made = ClObject.Adopt(handle, owner);
        if (made == null)
        {
            return Give(null, errcode_ret);
        }
        made->Type = TypeBuffer;
        made->Flags = (flags & DeviceAccess) == 0 ? flags | MemReadWrite : flags;
        made->Bytes = size;
        made->HostPointer = (flags & MemUseHost) != 0 ? (byte*)host_ptr : null;
        if (!KeepProperties(made, properties, 8))
        {
            result = ClResult.OutOfHostMemory;
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

    internal static nint CreateImage2D(
        nint context,
        ulong flags,
        ClImageFormat* image_format,
        nuint image_width,
        nuint image_height,
        nuint image_row_pitch,
        void* host_ptr,
        int* errcode_ret
    )
    {
        var shape = new ClImageDesc
        {
            Type = Type2D,
            Width = image_width,
            Height = image_height,
            RowPitch = image_row_pitch,
        };
        return CreateImage(context, flags, image_format, &shape, host_ptr, errcode_ret);
    }

    internal static nint CreateImage3D(
        nint context,
        ulong flags,
        ClImageFormat* image_format,
        nuint image_width,
        nuint image_height,
        nuint image_depth,
        nuint image_row_pitch,
        nuint image_slice_pitch,
        void* host_ptr,
        int* errcode_ret
    )
    {
        var shape = new ClImageDesc
        {
            Type = Type3D,
            Width = image_width,
            Height = image_height,
            Depth = image_depth,
            RowPitch = image_row_pitch,
            SlicePitch = image_slice_pitch,
        };
        return CreateImage(context, flags, image_format, &shape, host_ptr, errcode_ret);
    }

    internal static nint CreateImage(
        nint context,
        ulong flags,
        ClImageFormat* image_format,
        ClImageDesc* image_desc,
        void* host_ptr,
        int* errcode_ret
    ) => CreateImageWithProperties(context, null, flags, image_format, image_desc, host_ptr, errcode_ret);

    internal static nint CreateImageWithProperties(
        nint context,
        ulong* properties,
        ulong flags,
        ClImageFormat* image_format,
        ClImageDesc* image_desc,
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
        if (result != ClResult.Success)
        {
            return Fail(result, errcode_ret);
        }
        if (image_format == null)
        {
            return Fail(ClResult.InvalidImageFormatDescriptor, errcode_ret);
        }
        if (image_desc == null)
        {
            return Fail(ClResult.InvalidImageDescriptor, errcode_ret);
        }
        var element = ElementBytes(*image_format);
        if (element == 0)
        {
            return Fail(ClResult.InvalidImageFormatDescriptor, errcode_ret);
        }
        var shape = *image_desc;
        ClObject* parent = null;
        if (shape.Memory != 0)
        {
            parent = ClObject.Of(shape.Memory, HandleKind.ClMemory);
            if (parent == null || host_ptr != null)
            {
                return Fail(ClResult.InvalidImageDescriptor, errcode_ret);
            }
        }
        if (host_ptr == null && parent == null && (shape.RowPitch != 0 || shape.SlicePitch != 0))
        {
            return Fail(ClResult.InvalidImageDescriptor, errcode_ret);
        }
        var sent = shape;
        sent.Memory = 0;
        if (parent == null)
        {
            // Pitches are those of the program's memory, which the worker does not see.
            sent.RowPitch = 0;
            sent.SlicePitch = 0;
        }
        ClientThread* thread;
        result = Enter(&thread);
        nint handle = 0;
        if (result == ClResult.Success)
        {
            result = WireCalls.ClCreateImage(
                thread,
                &handle,
                owner->Handle,
                parent == null ? 0 : parent->Handle,
                flags & ~HostPointerFlags,
                image_format,
                &sent
            );
        }
        if (result != ClResult.Success)
        {
            return Fail(result, errcode_ret);
        }
        var made = ClObject.Adopt(handle, owner);
        if (made == null)
        {
            return Give(null, errcode_ret);
        }
        made->Type = shape.Type;
        made->Flags = (flags & DeviceAccess) == 0 ? flags | MemReadWrite : flags;
        made->ElementBytes = element;
        (made->Order, made->DataType) = (image_format->Order, image_format->Type);
        made->Shape = shape;
        made->Parent = parent;
        made->HostPointer = (flags & MemUseHost) != 0 ? (byte*)host_ptr : null;
        ClObject.Use(parent);
        var box = WholeImage(made);
        if (made->Shape.RowPitch == 0)
        {
            made->Shape.RowPitch = (nuint)(box.Width * element);
        }
        if (made->Shape.SlicePitch == 0 && box.Depth > 1)
        {
            made->Shape.SlicePitch = (nuint)(made->Shape.RowPitch * box.Height);
        }
        made->Bytes = parent != null ? parent->Bytes : box.Bytes;
        if (!KeepProperties(made, properties, 8))
        {
            result = ClResult.OutOfHostMemory;
        }
        else if (host_ptr != null)
        {
            box.Host = (byte*)host_ptr;
            (box.HostRowPitch, box.HostSlicePitch) = HostPitches(made, box);
            result = Transfers.FillNew(thread, made, box);
        }
        if (result != ClResult.Success)
        {
            ClObject.Unuse(made);
            return Fail(result, errcode_ret);
        }
        return Give(made, errcode_ret);
    }

    /// <summary>All of an image; in an array the last dimension counts its images.</summary>
    private static ClBox WholeImage(ClObject* image)
    {
        var shape = image->Shape;
        var is1D = image->Type is Type1D or Type1DArray or Type1DBuffer;
        return new ClBox
        {
            Width = shape.Width,
            Height =
                image->Type == Type1DArray ? shape.ArraySize
                : is1D ? 1
                : shape.Height,
            Depth =
                image->Type == Type3D ? shape.Depth
                : image->Type == Type2DArray ? shape.ArraySize
                : 1,
            ElementBytes = image->ElementBytes,
        };
    }

    // In arrays of one dimension the pitch between images is the slice pitch.
    private static (ulong Row, ulong Slice) HostPitches(ClObject* image, in ClBox box)
    {
        var row = image->Shape.RowPitch != 0 ? image->Shape.RowPitch : box.Width * box.ElementBytes;
        var slice = image->Shape.SlicePitch != 0 ? image->Shape.SlicePitch : row * box.Height;
        return image->Type == Type1DArray ? (image->Shape.SlicePitch != 0 ? slice : row, slice) : (row, slice);
    }

    /// <summary>Bytes of a texel; 0 for a format that there is not.</summary>
    private static uint ElementBytes(ClImageFormat format)
    {
        var channels = format.Order switch
        {
            0x10B0 or 0x10B1 or 0x10B8 or 0x10B9 or 0x10BD => 1u, // R, A, INTENSITY, LUMINANCE, DEPTH
            0x10B2 or 0x10B3 or 0x10BA => 2u, // RG, RA, Rx
            0x10B4 or 0x10BB or 0x10BF => 3u, // RGB, RGx, sRGB
            0x10B5 or 0x10B6 or 0x10B7 or 0x10BC or 0x10C0 or 0x10C1 or 0x10C2 or 0x10C3 => 4u,
            0x10BE => 1u,
            _ => 0u,
        };
        return format.Type switch
        {
            0x10D0 or 0x10D2 or 0x10D7 or 0x10DA => channels,
            0x10D1 or 0x10D3 or 0x10D8 or 0x10DB or 0x10DD => channels * 2,
            0x10D9 or 0x10DC or 0x10DE => channels * 4,
            // Packed: all channels in one number.
            0x10D4 or 0x10D5 => channels == 0 ? 0 : 2u,
            0x10D6 or 0x10E0 => channels == 0 ? 0 : 4u,
            _ => 0u,
        };
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

    internal static nint CreateSampler(
        nint context,
        uint normalized_coords,
        uint addressing_mode,
        uint filter_mode,
        int* errcode_ret
    ) => MakeSampler(context, normalized_coords, addressing_mode, filter_mode, null, 0, errcode_ret);

    internal static nint CreateSamplerWithProperties(nint context, ulong* sampler_properties, int* errcode_ret)
    {
        const uint ClampToEdge = 0x1131;
        const uint Nearest = 0x1140;
        uint normalized = 1;
        uint addressing = ClampToEdge + 1;
        uint filter = Nearest;
        uint bytes = 8;
        uint seen = 0;
        for (var p = sampler_properties; p != null && *p != 0; p += 2, bytes += 16)
        {
            var bit = *p is >= 0x1152 and <= 0x1154 ? 1u << (int)(*p - 0x1152) : 0;
            if (bit == 0 || (seen & bit) != 0)
            {
                return Fail(ClResult.InvalidValue, errcode_ret);
            }
            seen |= bit;
            normalized = bit == 1 ? (uint)p[1] : normalized;
            addressing = bit == 2 ? (uint)p[1] : addressing;
            filter = bit == 4 ? (uint)p[1] : filter;
        }
        return MakeSampler(context, normalized, addressing, filter, sampler_properties, bytes, errcode_ret);
    }

    private static nint MakeSampler(
        nint context,
        uint normalized,
        uint addressing,
        uint filter,
        void* properties,
        uint propertyBytes,
        int* code
    )
    {
        var owner = ClObject.Of(context, HandleKind.ClContext);
        if (owner == null)
        {
            return Fail(ClResult.InvalidContext, code);
        }
        if (normalized > 1 || addressing is < 0x1130 or > 0x1134 || filter is < 0x1140 or > 0x1141)
        {
            return Fail(ClResult.InvalidValue, code);
        }
        ClientThread* thread;
        var result = Enter(&thread);
        nint handle = 0;
        if (result == ClResult.Success)
        {
            result = WireCalls.ClCreateSampler(thread, &handle, owner->Handle, normalized, addressing, filter);
        }
        if (result != ClResult.Success)
        {
            return Fail(result, code);
        }
        var made = ClObject.Adopt(handle, owner);
        if (made != null && !KeepProperties(made, properties, propertyBytes))
        {
            ClObject.Unuse(made);
            made = null;
        }
        return Give(made, code);
    }

    internal static ClResult RetainSampler(nint sampler) =>
        ClObject.Retain(sampler, HandleKind.ClSampler, ClResult.InvalidSampler);

    internal static ClResult ReleaseSampler(nint sampler) =>
        ClObject.Release(sampler, HandleKind.ClSampler, ClResult.InvalidSampler);

    internal static ClResult GetSamplerInfo(
        nint sampler,
        uint param_name,
        nuint param_value_size,
        void* param_value,
        nuint* param_value_size_ret
    )
    {
        var found = ClObject.Of(sampler, HandleKind.ClSampler);
        if (found == null)
        {
            return ClResult.InvalidSampler;
        }
        return param_name switch
        {
            0x1150 => Answer((uint)found->References, param_value_size, param_value, param_value_size_ret),
            0x1151 => Answer((nint)found->Context, param_value_size, param_value, param_value_size_ret),
            0x1158 => Answer(
                found->Properties,
                found->PropertyBytes,
                param_value_size,
                param_value,
                param_value_size_ret
            ),
            _ => Ask(
                OpenClSubject.Sampler,
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
