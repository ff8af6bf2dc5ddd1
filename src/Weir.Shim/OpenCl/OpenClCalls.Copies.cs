using Weir.Api;
using Weir.Shim.Guest;

namespace Weir.Shim;

/// <content>Copies and migrations.</content>
internal static unsafe partial class OpenClCalls
{
    internal static ClResult EnqueueCopyBuffer(
        nint command_queue,
        nint src_buffer,
        nint dst_buffer,
        nuint src_offset,
        nuint dst_offset,
        nuint size,
        uint num_events_in_wait_list,
        nint* event_wait_list,
        nint* @event
    )
    {
        var from = ClBox.Linear(src_offset, size, null);
        var to = ClBox.Linear(dst_offset, size, null);
        return Copy(
            command_queue,
            0,
            src_buffer,
            dst_buffer,
            size == 0 ? ClResult.InvalidValue : ClResult.Success,
            from,
            to,
            num_events_in_wait_list,
            event_wait_list,
            @event,
            CommandCopyBuffer
        );
    }

    internal static ClResult EnqueueCopyBufferRect(
        nint command_queue,
        nint src_buffer,
        nint dst_buffer,
        nuint* src_origin,
        nuint* dst_origin,
        nuint* region,
        nuint src_row_pitch,
        nuint src_slice_pitch,
        nuint dst_row_pitch,
        nuint dst_slice_pitch,
        uint num_events_in_wait_list,
        nint* event_wait_list,
        nint* @event
    )
    {
        ClBox from = default;
        ClBox to = default;
        var none = stackalloc nuint[3];
        none[0] = none[1] = none[2] = 0;
        var here = (byte*)none;
        var isRight =
            TryRect(&from, src_origin, none, region, src_row_pitch, src_slice_pitch, 0, 0, here)
            && TryRect(&to, dst_origin, none, region, dst_row_pitch, dst_slice_pitch, 0, 0, here);
        return Copy(
            command_queue,
            1,
            src_buffer,
            dst_buffer,
            isRight ? ClResult.Success : ClResult.InvalidValue,
            from,
            to,
            num_events_in_wait_list,
            event_wait_list,
            @event,
            CommandCopyRect
        );
    }

    internal static ClResult EnqueueCopyImage(
        nint command_queue,
        nint src_image,
        nint dst_image,
        nuint* src_origin,
        nuint* dst_origin,
        nuint* region,
        uint num_events_in_wait_list,
        nint* event_wait_list,
        nint* @event
    )
    {
        ClBox from = default;
        ClBox to = default;
        var result = ImageBox(&from, src_image, src_origin, region, 0, 0, null);
        if (result == ClResult.Success)
        {
            result = ImageBox(&to, dst_image, dst_origin, region, 0, 0, null);
        }
        return Copy(
            command_queue,
            2,
            src_image,
            dst_image,
            result,
            from,
            to,
            num_events_in_wait_list,
            event_wait_list,
            @event,
            CommandCopyImage
        );
    }

    internal static ClResult EnqueueCopyImageToBuffer(
        nint command_queue,
        nint src_image,
        nint dst_buffer,
        nuint* src_origin,
        nuint* region,
        nuint dst_offset,
        uint num_events_in_wait_list,
        nint* event_wait_list,
        nint* @event
    )
    {
        ClBox from = default;
        var result = ImageBox(&from, src_image, src_origin, region, 0, 0, null);
        var to = ClBox.Linear(dst_offset, from.Bytes, null);
        return Copy(
            command_queue,
            3,
            src_image,
            dst_buffer,
            result,
            from,
            to,
            num_events_in_wait_list,
            event_wait_list,
            @event,
            CommandCopyImageToBuffer
        );
    }

    internal static ClResult EnqueueCopyBufferToImage(
        nint command_queue,
        nint src_buffer,
        nint dst_image,
        nuint src_offset,
        nuint* dst_origin,
        nuint* region,
        uint num_events_in_wait_list,
        nint* event_wait_list,
        nint* @event
    )
    {
        ClBox to = default;
        var result = ImageBox(&to, dst_image, dst_origin, region, 0, 0, null);
        var from = ClBox.Linear(src_offset, to.Bytes, null);
        return Copy(
            command_queue,
            4,
            src_buffer,
            dst_image,
            result,
            from,
            to,
            num_events_in_wait_list,
            event_wait_list,
            @event,
            CommandCopyBufferToImage
        );
    }

    private static ClResult Copy(
        nint queue,
        uint form,
        nint source,
        nint target,
        ClResult shape,
        in ClBox from,
        in ClBox to,
        uint waits,
        nint* list,
        nint* given,
        uint type
    )
    {
        ClCommand command;
        var result = ClCommand.Begin(&command, queue, waits, list, given, type);
        ClObject* read = null;
        ClObject* written = null;
        if (result == ClResult.Success)
        {
            result = CheckMemory(&command, source, form is 0 or 1 or 4, out read);
        }
        if (result == ClResult.Success)
        {
            result = CheckMemory(&command, target, form is 0 or 1 or 3, out written);
        }
        if (result == ClResult.Success)
        {
            result = shape;
        }
        if (result == ClResult.Success && (!IsInside(read, from) || !IsInside(written, to)))
        {
            result = ClResult.InvalidValue;
        }
        if (result == ClResult.Success && read == written && form is 0 or 2 && Overlap(from, to))
        {
            result = ClResult.MemCopyOverlap;
        }
        if (result == ClResult.Success && form == 2 && !IsSameFormat(read, written))
        {
            const ClResult ImageFormatMismatch = (ClResult)(-9);
            result = ImageFormatMismatch;
        }
        if (result != ClResult.Success)
        {
            return ClCommand.Cancel(&command, result);
        }
        var region = form == 4 ? to : from;
        return ClCommand.End(
            &command,
            WireCalls.ClCopy(
                command.Thread,
                command.Queue->Handle,
                form,
                read->Handle,
                written->Handle,
                from.X,
                from.Y,
                from.Z,
                to.X,
                to.Y,
                to.Z,
                region.Width,
                region.Height,
                region.Depth,
                from.RowPitch,
                from.SlicePitch,
                to.RowPitch,
                to.SlicePitch,
                command.Event,
                command.WaitCount,
                command.Waits
            )
        );
    }

    private static bool Overlap(in ClBox a, in ClBox b) =>
        a.X < b.X + b.Width
        && b.X < a.X + a.Width
        && a.Y < b.Y + b.Height
        && b.Y < a.Y + a.Height
        && a.Z < b.Z + b.Depth
        && b.Z < a.Z + a.Depth;

    private static bool IsSameFormat(ClObject* a, ClObject* b) => a->Order == b->Order && a->DataType == b->DataType;

    internal static ClResult EnqueueMigrateMemObjects(
        nint command_queue,
        uint num_mem_objects,
        nint* mem_objects,
        ulong flags,
        uint num_events_in_wait_list,
        nint* event_wait_list,
        nint* @event
    )
    {
        const uint Most = 2048;
        const ulong KnownFlags = 3;
        ClCommand command;
        var result = ClCommand.Begin(
            &command,
            command_queue,
            num_events_in_wait_list,
            event_wait_list,
            @event,
            CommandMigrate
        );
        if (
            result == ClResult.Success
            && (num_mem_objects is 0 or > Most || mem_objects == null || (flags & ~KnownFlags) != 0)
        )
        {
            result = ClResult.InvalidValue;
        }
        var handles = result == ClResult.Success ? (ulong*)GuestLibc.Allocate(num_mem_objects * sizeof(ulong)) : null;
        for (uint i = 0; handles != null && i < num_mem_objects && result == ClResult.Success; i++)
        {
            var found = ClObject.Of(mem_objects[i], HandleKind.ClMemory);
            result =
                found == null ? ClResult.InvalidMemObject
                : found->Context != command.Queue->Context ? ClResult.InvalidContext
                : ClResult.Success;
            handles[i] = found == null ? 0 : (ulong)found->Handle;
        }
        if (result == ClResult.Success)
        {
            result =
                handles == null
                    ? ClResult.OutOfHostMemory
                    : WireCalls.ClSync(
                        command.Thread,
                        command.Queue->Handle,
                        2,
                        flags,
                        command.Event,
                        command.WaitCount,
                        command.Waits,
                        num_mem_objects,
                        handles
                    );
        }
        GuestLibc.Free(handles);
        return ClCommand.End(&command, result);
    }
}
