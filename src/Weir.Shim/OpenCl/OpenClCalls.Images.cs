using Weir.Api;

namespace Weir.Shim;

/// <content>Images.</content>
internal static unsafe partial class OpenClCalls
{
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
}
