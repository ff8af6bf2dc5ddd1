using Weir.Api;

namespace Weir.Shim;

/// <content>Launches.</content>
internal static unsafe partial class OpenClCalls
{
    internal static ClResult EnqueueTask(
        nint command_queue,
        nint kernel,
        uint num_events_in_wait_list,
        nint* event_wait_list,
        nint* @event
    )
    {
        nuint one = 1;
        return Launch(
            command_queue,
            kernel,
            1,
            null,
            &one,
            &one,
            num_events_in_wait_list,
            event_wait_list,
            @event,
            CommandTask
        );
    }

    internal static ClResult EnqueueNDRangeKernel(
        nint command_queue,
        nint kernel,
        uint work_dim,
        nuint* global_work_offset,
        nuint* global_work_size,
        nuint* local_work_size,
        uint num_events_in_wait_list,
        nint* event_wait_list,
        nint* @event
    ) =>
        Launch(
            command_queue,
            kernel,
            work_dim,
            global_work_offset,
            global_work_size,
            local_work_size,
            num_events_in_wait_list,
            event_wait_list,
            @event,
            CommandKernel
        );

    private static ClResult Launch(
        nint queue,
        nint kernel,
        uint dimensions,
        nuint* offset,
        nuint* global,
        nuint* local,
        uint waits,
        nint* list,
        nint* given,
        uint type
    )
    {
        ClCommand command;
        var result = ClCommand.Begin(&command, queue, waits, list, given, type);
        var found = ClObject.Of(kernel, HandleKind.ClKernel);
        if (result == ClResult.Success)
        {
            result =
                found == null ? ClResult.InvalidKernel
                : found->Context != command.Queue->Context ? ClResult.InvalidContext
                : dimensions is < 1 or > 3 ? ClResult.InvalidWorkDimension
                : global == null ? ClResult.InvalidGlobalWorkSize
                : ClResult.Success;
        }
        if (result != ClResult.Success)
        {
            return ClCommand.Cancel(&command, result);
        }
        var size = stackalloc ulong[9];
        var memory = (ClKernelMemory*)found->More;
        var shape = (offset != null ? 1u : 0) | (local != null ? 2u : 0);
        var isKnown =
            memory->Dimensions == dimensions && memory->Shape == shape && memory->Queue == command.Queue->Handle;
        for (uint i = 0; i < 3; i++)
        {
            size[i] = offset != null && i < dimensions ? offset[i] : 0;
            size[3 + i] = i < dimensions ? global[i] : 1;
            size[6 + i] = local != null && i < dimensions ? local[i] : 0;
            isKnown &=
                size[3 + i] is > 0 and < 1UL << 31
                && size[i] < 1UL << 31
                && size[6 + i] == memory->Local[i]
                && (size[6 + i] == 0 || size[3 + i] % size[6 + i] == 0);
        }
        var thread = command.Thread;
        var ordered = command.Queue->Handle;
        if (isKnown)
        {
            result = WireCalls.ClLaunch(
                thread,
                ordered,
                found->Handle,
                dimensions,
                shape,
                size[0],
                size[1],
                size[2],
                size[3],
                size[4],
                size[5],
                size[6],
                size[7],
                size[8],
                command.Event,
                waits,
                command.Waits
            );
            return ClCommand.End(&command, result);
        }
        result = WireCalls.ClTryLaunch(
            thread,
            ordered,
            found->Handle,
            dimensions,
            shape,
            size[0],
            size[1],
            size[2],
            size[3],
            size[4],
            size[5],
            size[6],
            size[7],
            size[8],
            command.Event,
            waits,
            command.Waits
        );
        if (result == ClResult.Success)
        {
            (memory->Dimensions, memory->Shape, memory->Queue) = (dimensions, shape, ordered);
            (memory->Local[0], memory->Local[1], memory->Local[2]) = (size[6], size[7], size[8]);
        }
        return ClCommand.End(&command, result);
    }
}
