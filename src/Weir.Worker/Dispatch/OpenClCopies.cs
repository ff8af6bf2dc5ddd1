using Weir.Api;
using Weir.Wire;

namespace Weir.Worker;

/// <content>OpenCL: copies and fills on the device.</content>
internal sealed unsafe partial class Dispatcher
{
    private partial ClResult OnClCopy(
        nint queue,
        uint form,
        nint source,
        nint target,
        ulong x,
        ulong y,
        ulong z,
        ulong toX,
        ulong toY,
        ulong toZ,
        ulong width,
        ulong height,
        ulong depth,
        ulong rowPitch,
        ulong slicePitch,
        ulong toRowPitch,
        ulong toSlicePitch,
        ulong @event,
        uint count,
        ulong* waits,
        uint length_waits,
        ref ReplyWriter reply
    )
    {
        nint made = 0;
        nint* list = stackalloc nint[Room(count)];
        nuint* from = stackalloc nuint[3] { (nuint)x, (nuint)y, (nuint)z };
        nuint* to = stackalloc nuint[3] { (nuint)toX, (nuint)toY, (nuint)toZ };
        nuint* region = stackalloc nuint[3] { (nuint)width, (nuint)height, (nuint)depth };
        nint* given = @event != 0 ? &made : null;
        ClResult result = ClResult.InvalidEventWaitList;
        if (TryWaits(waits, count, list))
        {
            nint* waited = count == 0 ? null : list;
            result = form switch
            {
                0 => Cl.EnqueueCopyBuffer(
                    queue,
                    source,
                    target,
                    (nuint)x,
                    (nuint)toX,
                    (nuint)width,
                    count,
                    waited,
                    given
                ),
                1 => Cl.EnqueueCopyBufferRect(
                    queue,
                    source,
                    target,
                    from,
                    to,
                    region,
                    (nuint)rowPitch,
                    (nuint)slicePitch,
                    (nuint)toRowPitch,
                    (nuint)toSlicePitch,
                    count,
                    waited,
                    given
                ),
                2 => Cl.EnqueueCopyImage(queue, source, target, from, to, region, count, waited, given),
                3 => Cl.EnqueueCopyImageToBuffer(queue, source, target, from, region, (nuint)toX, count, waited, given),
                _ => Cl.EnqueueCopyBufferToImage(queue, source, target, (nuint)x, to, region, count, waited, given),
            };
        }
        Statistics.CountOnDevice(width * height * depth);
        return Posted(queue, @event, made, result);
    }

    private partial ClResult OnClFill(
        nint queue,
        uint form,
        nint memory,
        ulong x,
        ulong y,
        ulong z,
        ulong width,
        ulong height,
        ulong depth,
        uint bytes,
        void* pattern,
        uint length_pattern,
        ulong @event,
        uint count,
        ulong* waits,
        uint length_waits,
        ref ReplyWriter reply
    )
    {
        const uint ColourBytes = 16;
        nint made = 0;
        nint* list = stackalloc nint[Room(count)];
        nuint* origin = stackalloc nuint[3] { (nuint)x, (nuint)y, (nuint)z };
        nuint* region = stackalloc nuint[3] { (nuint)width, (nuint)height, (nuint)depth };
        nint* given = @event != 0 ? &made : null;
        ClResult result = ClResult.InvalidEventWaitList;
        if (TryWaits(waits, count, list))
        {
            nint* waited = count == 0 ? null : list;
            result =
                form == 0
                    ? Cl.EnqueueFillBuffer(queue, memory, pattern, bytes, (nuint)x, (nuint)width, count, waited, given)
                : bytes == ColourBytes
                    ? Cl.EnqueueFillImage(queue, memory, pattern, origin, region, count, waited, given)
                : ClResult.InvalidValue;
        }
        return Posted(queue, @event, made, result);
    }

    private partial ClResult OnClSharedWork(
        nint queue,
        uint form,
        ulong target,
        ulong source,
        ulong bytes,
        uint patternBytes,
        void* pattern,
        uint length_pattern,
        ulong @event,
        uint count,
        ulong* waits,
        uint length_waits,
        ref ReplyWriter reply
    )
    {
        nint made = 0;
        nint* list = stackalloc nint[Room(count)];
        nint* given = @event != 0 ? &made : null;
        ClResult result = ClResult.InvalidEventWaitList;
        if (!session.Window.IsHost(target, bytes) || (form == 0 && !session.Window.IsHost(source, bytes)))
        {
            result = ClResult.InvalidValue;
        }
        else if (TryWaits(waits, count, list))
        {
            nint* waited = count == 0 ? null : list;
            result =
                form == 0
                    ? Cl.EnqueueSVMMemcpy(queue, 0, (void*)target, (void*)source, (nuint)bytes, count, waited, given)
                    : Cl.EnqueueSVMMemFill(
                        queue,
                        (void*)target,
                        pattern,
                        patternBytes,
                        (nuint)bytes,
                        count,
                        waited,
                        given
                    );
        }
        return Posted(queue, @event, made, result);
    }
}
