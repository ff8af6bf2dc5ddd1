using Weir.Api;
using Weir.Shim.Guest;

namespace Weir.Shim;

/// <content>
/// Maps: memory of the client that holds what the device's memory held, and travels back when the map is undone. A buffer is seen at
/// the same place by all its maps, and by those of its sub-buffers. Where the device is on another node, only what has changed travels.
/// </content>
internal static unsafe partial class OpenClCalls
{
    private const uint CommandMapBuffer = 0x11FB;
    private const uint CommandMapImage = 0x11FC;
    private const uint CommandUnmap = 0x11FD;
    private const ulong MapRead = 1;
    private const ulong MapWrite = 2;
    private const ulong MapWriteInvalidate = 4;

    internal static void* EnqueueMapBuffer(
        nint command_queue,
        nint buffer,
        uint blocking_map,
        ulong map_flags,
        nuint offset,
        nuint size,
        uint num_events_in_wait_list,
        nint* event_wait_list,
        nint* @event,
        int* errcode_ret
    )
    {
        ClCommand command;
        var result = ClCommand.Begin(
            &command,
            command_queue,
            num_events_in_wait_list,
            event_wait_list,
            @event,
            CommandMapBuffer
        );
        ClObject* found = null;
        if (result == ClResult.Success)
        {
            result = CheckMemory(&command, buffer, true, out found);
        }
        var box = ClBox.Linear(offset, size, null);
        if (result == ClResult.Success && (size == 0 || !IsInside(found, box)))
        {
            result = ClResult.InvalidValue;
        }
        if (result == ClResult.Success)
        {
            result = CheckMap(found, map_flags);
        }
        if (result == ClResult.Success)
        {
            box.Host = Place(found) + offset;
            result = box.Host == (byte*)offset ? ClResult.MapFailure : ClResult.Success;
        }
        return Map(&command, result, found, box, null, map_flags, blocking_map != 0, errcode_ret);
    }

    internal static void* EnqueueMapImage(
        nint command_queue,
        nint image,
        uint blocking_map,
        ulong map_flags,
        nuint* origin,
        nuint* region,
        nuint* image_row_pitch,
        nuint* image_slice_pitch,
        uint num_events_in_wait_list,
        nint* event_wait_list,
        nint* @event,
        int* errcode_ret
    )
    {
        ClCommand command;
        var result = ClCommand.Begin(
            &command,
            command_queue,
            num_events_in_wait_list,
            event_wait_list,
            @event,
            CommandMapImage
        );
        ClObject* found = null;
        if (result == ClResult.Success)
        {
            result = CheckMemory(&command, image, false, out found);
        }
        ClBox box = default;
        if (result == ClResult.Success)
        {
            result = ImageBox(&box, image, origin, region, 0, 0, null);
        }
        if (result == ClResult.Success)
        {
            var needsSlices = found->Type is Type3D or Type2DArray or Type1DArray;
            result =
                !IsInside(found, box) || image_row_pitch == null || (needsSlices && image_slice_pitch == null)
                    ? ClResult.InvalidValue
                    : CheckMap(found, map_flags);
        }
        byte* owned = null;
        if (result == ClResult.Success)
        {
            if (found->HostPointer != null)
            {
                (box.HostRowPitch, box.HostSlicePitch) = HostPitches(found, WholeImage(found));
                box.Host =
                    found->HostPointer
                    + box.Z * box.HostSlicePitch
                    + box.Y * box.HostRowPitch
                    + box.X * box.ElementBytes;
            }
            else
            {
                box.Host = owned = (byte*)GuestLibc.Allocate((nuint)box.Bytes);
            }
            result = box.Host == null ? ClResult.MapFailure : ClResult.Success;
        }
        if (result == ClResult.Success)
        {
            *image_row_pitch = (nuint)(found->Type == Type1DArray ? box.Width * box.ElementBytes : box.HostRowPitch);
            if (image_slice_pitch != null)
            {
                var hasSlices = found->Type is Type3D or Type2DArray or Type1DArray;
                *image_slice_pitch = (nuint)(
                    !hasSlices ? 0
                    : found->Type == Type1DArray ? box.HostRowPitch
                    : box.HostSlicePitch
                );
            }
        }
        return Map(&command, result, found, box, owned, map_flags, blocking_map != 0, errcode_ret);
    }

    private static ClResult CheckMap(ClObject* memory, ulong flags)
    {
        const ulong Known = MapRead | MapWrite | MapWriteInvalidate;
        if ((flags & ~Known) != 0 || ((flags & MapWriteInvalidate) != 0 && (flags & (MapRead | MapWrite)) != 0))
        {
            return ClResult.InvalidValue;
        }
        var reads = (flags & MapRead) != 0;
        var writes = (flags & (MapWrite | MapWriteInvalidate)) != 0;
        return
            (reads && (memory->Flags & (MemHostWriteOnly | MemHostNoAccess)) != 0)
            || (writes && (memory->Flags & (MemHostReadOnly | MemHostNoAccess)) != 0)
            ? ClResult.InvalidOperation
            : ClResult.Success;
    }

    // Where the program sees a buffer: its own memory, or some that stays as long as the buffer.
    private static byte* Place(ClObject* buffer)
    {
        if (buffer->HostPointer != null)
        {
            return buffer->HostPointer;
        }
        if (buffer->Parent != null)
        {
            var whole = Place(buffer->Parent);
            return whole == null ? null : whole + buffer->Origin;
        }
        s_lists.Enter();
        if (buffer->Shadow == null)
        {
            buffer->Shadow = GuestLibc.MapZeroed((nuint)buffer->Bytes);
        }
        s_lists.Leave();
        return buffer->Shadow;
    }

    private static void* Map(
        ClCommand* command,
        ClResult result,
        ClObject* memory,
        in ClBox box,
        byte* owned,
        ulong flags,
        bool waits,
        int* code
    )
    {
        var mapping = result == ClResult.Success ? (ClMapping*)GuestLibc.Allocate((nuint)sizeof(ClMapping)) : null;
        if (mapping == null)
        {
            GuestLibc.Free(owned);
            result = result == ClResult.Success ? ClResult.OutOfHostMemory : result;
            return (void*)Fail(ClCommand.Cancel(command, result), code);
        }
        *mapping = new ClMapping
        {
            Address = box.Host,
            Owned = owned,
            Flags = flags,
            Box = box,
        };
        if ((flags & MapWriteInvalidate) != 0 || IsSeen(memory))
        {
            result = Fence(command, waits);
        }
        else
        {
            result = waits ? Transfers.Read(command, memory, box) : Transfers.Later(command, memory, box, isRead: true);
        }
        if (result == ClResult.Success && waits && Window.IsHostElsewhere && (flags & MapWrite) != 0 && IsPacked(box))
        {
            // To find out what has changed; without it all travels.
            mapping->Before = (byte*)GuestLibc.Allocate((nuint)box.Bytes);
            if (mapping->Before != null)
            {
                _ = GuestLibc.Copy(mapping->Before, box.Host, (nuint)box.Bytes);
            }
        }
        if (result == ClResult.Success)
        {
            s_lists.Enter();
            mapping->Next = memory->Mappings;
            memory->Mappings = mapping;
            s_lists.Leave();
        }
        else
        {
            GuestLibc.Free(mapping->Owned);
            GuestLibc.Free(mapping);
        }
        result = ClCommand.End(command, result);
        return result == ClResult.Success ? (void*)GivePlace(box.Host, code) : (void*)Fail(result, code);
    }

    private static nint GivePlace(byte* place, int* code)
    {
        if (code != null)
        {
            *code = 0;
        }
        return (nint)place;
    }

    // The program sees the buffer itself.
    private static bool IsSeen(ClObject* memory) => memory->HostPointer == null && PlacedBuffers.Of(memory) != null;

    private static bool IsPacked(in ClBox box) => box.Height == 1 && box.Depth == 1 && box.ElementBytes == 1;

    // A command without data, in its place in the queue.
    private static ClResult Fence(ClCommand* command, bool waits)
    {
        if (waits && !ClCommand.TryMint(command))
        {
            return ClResult.OutOfHostMemory;
        }
        var result = WireCalls.ClSync(
            command->Thread,
            command->Queue->Handle,
            0,
            0,
            command->Event,
            command->WaitCount,
            command->Waits,
            0,
            null
        );
        if (result == ClResult.Success && waits)
        {
            var awaited = command->Event;
            result = WireCalls.ClWait(command->Thread, 1, &awaited);
        }
        if (waits && !ClCommand.IsGiven(command))
        {
            _ = WireCalls.ClReleaseEvent(command->Thread, (nint)command->Event);
            command->Event = 0;
        }
        return result;
    }

    internal static ClResult EnqueueUnmapMemObject(
        nint command_queue,
        nint memobj,
        void* mapped_ptr,
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
            CommandUnmap
        );
        var found = ClObject.Of(memobj, HandleKind.ClMemory);
        if (result == ClResult.Success)
        {
            result =
                found == null ? ClResult.InvalidMemObject
                : found->Context != command.Queue->Context ? ClResult.InvalidContext
                : ClResult.Success;
        }
        var mapping = result == ClResult.Success ? TakeMapping(found, (byte*)mapped_ptr) : null;
        if (result == ClResult.Success && mapping == null)
        {
            result = ClResult.InvalidValue;
        }
        if (result != ClResult.Success)
        {
            return ClCommand.Cancel(&command, result);
        }
        if ((mapping->Flags & (MapWrite | MapWriteInvalidate)) == 0 || IsSeen(found))
        {
            result = Fence(&command, waits: false);
        }
        else
        {
            var box = mapping->Box;
            var isChanged = mapping->Before == null || Narrow(ref box, mapping->Before);
            // Memory that is freed with the map must have been read before.
            result = isChanged
                ? Transfers.Write(&command, found, box, waits: mapping->Owned != null)
                : Fence(&command, waits: false);
        }
        GuestLibc.Free(mapping->Before);
        GuestLibc.Free(mapping->Owned);
        GuestLibc.Free(mapping);
        return ClCommand.End(&command, result);
    }

    private static ClMapping* TakeMapping(ClObject* memory, byte* address)
    {
        s_lists.Enter();
        ClMapping* before = null;
        var mapping = memory->Mappings;
        while (mapping != null && mapping->Address != address)
        {
            before = mapping;
            mapping = mapping->Next;
        }
        if (mapping != null && before == null)
        {
            memory->Mappings = mapping->Next;
        }
        else if (mapping != null)
        {
            before->Next = mapping->Next;
        }
        s_lists.Leave();
        return mapping;
    }

    // Leaves of a range what lies between the first and the last page that has changed; false when none has.
    private static bool Narrow(ref ClBox box, byte* before)
    {
        const ulong Page = 4096;
        ulong first = 0;
        while (
            first < box.Width
            && GuestLibc.Compare(box.Host + first, before + first, (nuint)Rest(box.Width - first, Page)) == 0
        )
        {
            first += Page;
        }
        if (first >= box.Width)
        {
            return false;
        }
        var last = (box.Width - 1) / Page * Page;
        while (
            last > first && GuestLibc.Compare(box.Host + last, before + last, (nuint)Rest(box.Width - last, Page)) == 0
        )
        {
            last -= Page;
        }
        var end = last + Rest(box.Width - last, Page);
        box = ClBox.Linear(box.X + first, end - first, box.Host + first);
        return true;
    }

    private static ulong Rest(ulong left, ulong most) => left < most ? left : most;
}
