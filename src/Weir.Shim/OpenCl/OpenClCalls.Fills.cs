using Weir.Api;
using Weir.Shim.Guest;

namespace Weir.Shim;

/// <content>Fills.</content>
internal static unsafe partial class OpenClCalls
{
    internal static ClResult EnqueueFillBuffer(
        nint command_queue,
        nint buffer,
        void* pattern,
        nuint pattern_size,
        nuint offset,
        nuint size,
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
            CommandFillBuffer
        );
        ClObject* found = null;
        if (result == ClResult.Success)
        {
            result = CheckMemory(&command, buffer, true, out found);
        }
        if (
            result == ClResult.Success
            && (
                pattern == null
                || pattern_size is 0 or > 128
                || (pattern_size & (pattern_size - 1)) != 0
                || offset % pattern_size != 0
                || size % pattern_size != 0
                || offset > found->Bytes
                || size > found->Bytes - offset
            )
        )
        {
            result = ClResult.InvalidValue;
        }
        return result != ClResult.Success
            ? ClCommand.Cancel(&command, result)
            : ClCommand.End(
                &command,
                WireCalls.ClFill(
                    command.Thread,
                    command.Queue->Handle,
                    0,
                    found->Handle,
                    offset,
                    0,
                    0,
                    size,
                    1,
                    1,
                    (uint)pattern_size,
                    pattern,
                    command.Event,
                    command.WaitCount,
                    command.Waits
                )
            );
    }

    internal static ClResult EnqueueFillImage(
        nint command_queue,
        nint image,
        void* fill_color,
        nuint* origin,
        nuint* region,
        uint num_events_in_wait_list,
        nint* event_wait_list,
        nint* @event
    )
    {
        const uint ColourBytes = 16;
        const uint Depth = 0x10BD;
        ClCommand command;
        var result = ClCommand.Begin(
            &command,
            command_queue,
            num_events_in_wait_list,
            event_wait_list,
            @event,
            CommandFillImage
        );
        ClObject* found = null;
        ClBox box = default;
        if (result == ClResult.Success)
        {
            result = CheckMemory(&command, image, false, out found);
        }
        if (result == ClResult.Success)
        {
            result = ImageBox(&box, image, origin, region, 0, 0, null);
        }
        if (result == ClResult.Success && (fill_color == null || !IsInside(found, box)))
        {
            result = ClResult.InvalidValue;
        }
        if (result != ClResult.Success)
        {
            return ClCommand.Cancel(&command, result);
        }
        var colour = stackalloc byte[(int)ColourBytes];
        _ = GuestLibc.Fill(colour, 0, ColourBytes);
        // A depth is one number.
        _ = GuestLibc.Copy(colour, fill_color, found->Order == Depth ? 4u : ColourBytes);
        return ClCommand.End(
            &command,
            WireCalls.ClFill(
                command.Thread,
                command.Queue->Handle,
                1,
                found->Handle,
                box.X,
                box.Y,
                box.Z,
                box.Width,
                box.Height,
                box.Depth,
                ColourBytes,
                colour,
                command.Event,
                command.WaitCount,
                command.Waits
            )
        );
    }
}
