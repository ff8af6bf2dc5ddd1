using Weir.Api;

namespace Weir.Shim;

/// <content>Reads and writes.</content>
internal static unsafe partial class OpenClCalls
{
    private const uint CommandReadBuffer = 0x11F3;
    private const uint CommandWriteBuffer = 0x11F4;
    private const uint CommandCopyBuffer = 0x11F5;
    private const uint CommandReadImage = 0x11F6;
    private const uint CommandWriteImage = 0x11F7;
    private const uint CommandCopyImage = 0x11F8;
    private const uint CommandCopyImageToBuffer = 0x11F9;
    private const uint CommandCopyBufferToImage = 0x11FA;
    private const uint CommandReadRect = 0x1201;
    private const uint CommandWriteRect = 0x1202;
    private const uint CommandCopyRect = 0x1203;
    private const uint CommandMigrate = 0x1206;
    private const uint CommandFillBuffer = 0x1207;
    private const uint CommandFillImage = 0x1208;

    internal static ClResult EnqueueReadBuffer(
        nint command_queue,
        nint buffer,
        uint blocking_read,
        nuint offset,
        nuint size,
        void* ptr,
        uint num_events_in_wait_list,
        nint* event_wait_list,
        nint* @event
    )
    {
        ClCommand command;
        var result = ClCommand.Begin(
            &command,
            command_queue,
            num_events_in_wait_list,
            event_wait_list,
            @event,
            CommandReadBuffer
        );
        var box = ClBox.Linear(offset, size, (byte*)ptr);
        return Move(&command, result, buffer, box, isBuffer: true, isRead: true, blocking_read != 0);
    }

    internal static ClResult EnqueueWriteBuffer(
        nint command_queue,
        nint buffer,
        uint blocking_write,
        nuint offset,
        nuint size,
        void* ptr,
        uint num_events_in_wait_list,
        nint* event_wait_list,
        nint* @event
    )
    {
        ClCommand command;
        var result = ClCommand.Begin(
            &command,
            command_queue,
            num_events_in_wait_list,
            event_wait_list,
            @event,
            CommandWriteBuffer
        );
        var box = ClBox.Linear(offset, size, (byte*)ptr);
        return Move(&command, result, buffer, box, isBuffer: true, isRead: false, blocking_write != 0);
    }

    internal static ClResult EnqueueReadBufferRect(
        nint command_queue,
        nint buffer,
        uint blocking_read,
        nuint* buffer_offset,
        nuint* host_offset,
        nuint* region,
        nuint buffer_row_pitch,
        nuint buffer_slice_pitch,
        nuint host_row_pitch,
        nuint host_slice_pitch,
        void* ptr,
        uint num_events_in_wait_list,
        nint* event_wait_list,
        nint* @event
    )
    {
        ClCommand command;
        var result = ClCommand.Begin(
            &command,
            command_queue,
            num_events_in_wait_list,
            event_wait_list,
            @event,
            CommandReadRect
        );
        ClBox box = default;
        if (
            result == ClResult.Success
            && !TryRect(
                &box,
                buffer_offset,
                host_offset,
                region,
                buffer_row_pitch,
                buffer_slice_pitch,
                host_row_pitch,
                host_slice_pitch,
                (byte*)ptr
            )
        )
        {
            result = ClResult.InvalidValue;
        }
        return Move(&command, result, buffer, box, isBuffer: true, isRead: true, blocking_read != 0);
    }

    internal static ClResult EnqueueWriteBufferRect(
        nint command_queue,
        nint buffer,
        uint blocking_write,
        nuint* buffer_offset,
        nuint* host_offset,
        nuint* region,
        nuint buffer_row_pitch,
        nuint buffer_slice_pitch,
        nuint host_row_pitch,
        nuint host_slice_pitch,
        void* ptr,
        uint num_events_in_wait_list,
        nint* event_wait_list,
        nint* @event
    )
    {
        ClCommand command;
        var result = ClCommand.Begin(
            &command,
            command_queue,
            num_events_in_wait_list,
            event_wait_list,
            @event,
            CommandWriteRect
        );
        ClBox box = default;
        if (
            result == ClResult.Success
            && !TryRect(
                &box,
                buffer_offset,
                host_offset,
                region,
                buffer_row_pitch,
                buffer_slice_pitch,
                host_row_pitch,
                host_slice_pitch,
                (byte*)ptr
            )
        )
        {
            result = ClResult.InvalidValue;
        }
        return Move(&command, result, buffer, box, isBuffer: true, isRead: false, blocking_write != 0);
    }

    internal static ClResult EnqueueReadImage(
        nint command_queue,
        nint image,
        uint blocking_read,
        nuint* origin,
        nuint* region,
        nuint row_pitch,
        nuint slice_pitch,
        void* ptr,
        uint num_events_in_wait_list,
        nint* event_wait_list,
        nint* @event
    )
    {
        ClCommand command;
        var result = ClCommand.Begin(
            &command,
            command_queue,
            num_events_in_wait_list,
            event_wait_list,
            @event,
            CommandReadImage
        );
        ClBox box = default;
        if (result == ClResult.Success)
        {
            result = ImageBox(&box, image, origin, region, row_pitch, slice_pitch, (byte*)ptr);
        }
        return Move(&command, result, image, box, isBuffer: false, isRead: true, blocking_read != 0);
    }

    internal static ClResult EnqueueWriteImage(
        nint command_queue,
        nint image,
        uint blocking_write,
        nuint* origin,
        nuint* region,
        nuint input_row_pitch,
        nuint input_slice_pitch,
        void* ptr,
        uint num_events_in_wait_list,
        nint* event_wait_list,
        nint* @event
    )
    {
        ClCommand command;
        var result = ClCommand.Begin(
            &command,
            command_queue,
            num_events_in_wait_list,
            event_wait_list,
            @event,
            CommandWriteImage
        );
        ClBox box = default;
        if (result == ClResult.Success)
        {
            result = ImageBox(&box, image, origin, region, input_row_pitch, input_slice_pitch, (byte*)ptr);
        }
        return Move(&command, result, image, box, isBuffer: false, isRead: false, blocking_write != 0);
    }

    // What reads and writes have in common, after the command's own look at its arguments.
    private static ClResult Move(
        ClCommand* command,
        ClResult result,
        nint memory,
        in ClBox box,
        bool isBuffer,
        bool isRead,
        bool waits
    )
    {
        ClObject* found = null;
        if (result == ClResult.Success)
        {
            result = CheckMemory(command, memory, isBuffer, out found);
        }
        if (result == ClResult.Success)
        {
            var forbidden = MemHostNoAccess | (isRead ? MemHostWriteOnly : MemHostReadOnly);
            result =
                box.Host == null || box.Bytes == 0 || !IsInside(found, box) ? ClResult.InvalidValue
                : (found->Flags & forbidden) != 0 ? ClResult.InvalidOperation
                : ClResult.Success;
        }
        if (result != ClResult.Success)
        {
            return ClCommand.Cancel(command, result);
        }
        result =
            !isRead ? Transfers.Write(command, found, box, waits)
            : waits ? Transfers.Read(command, found, box)
            : Transfers.Later(command, found, box, isRead: true);
        return ClCommand.End(command, result);
    }

    private static ClResult CheckMemory(ClCommand* command, nint value, bool isBuffer, out ClObject* found)
    {
        found = ClObject.Of(value, HandleKind.ClMemory);
        return found == null || (found->Type == TypeBuffer) != isBuffer ? ClResult.InvalidMemObject
            : found->Context != command->Queue->Context ? ClResult.InvalidContext
            : ClResult.Success;
    }

    /// <summary>The box lies inside of the object.</summary>
    private static bool IsInside(ClObject* memory, in ClBox box)
    {
        if (memory->Type == TypeBuffer)
        {
            var last =
                (UInt128)box.X
                + (UInt128)(box.Y + box.Height - 1) * box.RowPitch
                + (UInt128)(box.Z + box.Depth - 1) * box.SlicePitch
                + box.Width;
            return last <= memory->Bytes;
        }
        var whole = WholeImage(memory);
        return box.X <= whole.Width
            && box.Width <= whole.Width - box.X
            && box.Y <= whole.Height
            && box.Height <= whole.Height - box.Y
            && box.Z <= whole.Depth
            && box.Depth <= whole.Depth - box.Z;
    }

    private static bool TryRect(
        ClBox* box,
        nuint* origin,
        nuint* hostOrigin,
        nuint* region,
        nuint rowPitch,
        nuint slicePitch,
        nuint hostRowPitch,
        nuint hostSlicePitch,
        byte* host
    )
    {
        if (origin == null || hostOrigin == null || host == null || !TryPitches(region, ref rowPitch, ref slicePitch))
        {
            return false;
        }
        if (!TryPitches(region, ref hostRowPitch, ref hostSlicePitch))
        {
            return false;
        }
        *box = new ClBox
        {
            X = origin[0],
            Y = origin[1],
            Z = origin[2],
            Width = region[0],
            Height = region[1],
            Depth = region[2],
            RowPitch = rowPitch,
            SlicePitch = slicePitch,
            Host = host + hostOrigin[2] * hostSlicePitch + hostOrigin[1] * hostRowPitch + hostOrigin[0],
            HostRowPitch = hostRowPitch,
            HostSlicePitch = hostSlicePitch,
            ElementBytes = 1,
        };
        return true;
    }

    // Pitches that were left out, and those that make no sense.
    private static bool TryPitches(nuint* region, ref nuint row, ref nuint slice)
    {
        if (region == null || region[0] == 0 || region[1] == 0 || region[2] == 0)
        {
            return false;
        }
        row = row == 0 ? region[0] : row;
        slice = slice == 0 ? row * region[1] : slice;
        return row >= region[0] && slice >= row * region[1] && slice % row == 0;
    }

    private static ClResult ImageBox(
        ClBox* box,
        nint image,
        nuint* origin,
        nuint* region,
        nuint rowPitch,
        nuint slicePitch,
        byte* host
    )
    {
        var found = ClObject.Of(image, HandleKind.ClMemory);
        if (found == null || found->Type == TypeBuffer)
        {
            return ClResult.InvalidMemObject;
        }
        if (origin == null || region == null || region[0] == 0 || region[1] == 0 || region[2] == 0)
        {
            return ClResult.InvalidValue;
        }
        var row = (nuint)(region[0] * found->ElementBytes);
        rowPitch = rowPitch == 0 ? row : rowPitch;
        var isFlat = found->Type is Type2D or Type1D or Type1DBuffer;
        if (rowPitch < row || (isFlat && slicePitch != 0))
        {
            return ClResult.InvalidValue;
        }
        var isRows = found->Type == Type1DArray;
        slicePitch = slicePitch == 0 ? (isRows ? rowPitch : rowPitch * region[1]) : slicePitch;
        if (slicePitch < (isRows ? rowPitch : rowPitch * region[1]))
        {
            return ClResult.InvalidValue;
        }
        *box = new ClBox
        {
            X = origin[0],
            Y = origin[1],
            Z = origin[2],
            Width = region[0],
            Height = region[1],
            Depth = region[2],
            Host = host,
            // In arrays of one dimension rows are images, and lie as far apart as slices.
            HostRowPitch = isRows ? slicePitch : rowPitch,
            HostSlicePitch = slicePitch,
            ElementBytes = found->ElementBytes,
        };
        return ClResult.Success;
    }
}
