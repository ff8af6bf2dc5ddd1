using Weir.Api;
using Weir.Shim.Guest;

namespace Weir.Shim;

/// <content>Events, markers, barriers.</content>
internal static unsafe partial class OpenClCalls
{
    private const uint CommandMarker = 0x11FE;
    private const uint CommandUser = 0x1204;
    private const uint CommandBarrier = 0x1205;
    private const int Complete = 0;

    internal static ClResult WaitForEvents(uint num_events, nint* event_list)
    {
        const uint Most = 4096;
        if (num_events == 0 || event_list == null || num_events > Most)
        {
            return ClResult.InvalidValue;
        }
        ClObject* context = null;
        var handles = (ulong*)GuestLibc.Allocate(num_events * sizeof(ulong));
        var result = handles == null ? ClResult.OutOfHostMemory : ClResult.Success;
        for (uint i = 0; i < num_events && result == ClResult.Success; i++)
        {
            var found = ClObject.Of(event_list[i], HandleKind.ClEvent);
            if (found == null)
            {
                result = ClResult.InvalidEvent;
                break;
            }
            result = context != null && found->Context != context ? ClResult.InvalidContext : result;
            context = found->Context;
            handles[i] = (ulong)found->Handle;
        }
        ClientThread* thread;
        if (result == ClResult.Success && (result = Enter(&thread)) == ClResult.Success)
        {
            result = WireCalls.ClWait(thread, num_events, handles);
        }
        GuestLibc.Free(handles);
        return result;
    }

    internal static ClResult GetEventInfo(
        nint @event,
        uint param_name,
        nuint param_value_size,
        void* param_value,
        nuint* param_value_size_ret
    )
    {
        var found = ClObject.Of(@event, HandleKind.ClEvent);
        if (found == null)
        {
            return ClResult.InvalidEvent;
        }
        return param_name switch
        {
            0x11D0 => Answer((nint)found->Parent, param_value_size, param_value, param_value_size_ret),
            0x11D1 => Answer(found->Type, param_value_size, param_value, param_value_size_ret),
            0x11D2 => Answer((uint)found->References, param_value_size, param_value, param_value_size_ret),
            0x11D4 => Answer((nint)found->Context, param_value_size, param_value, param_value_size_ret),
            0x11D3 => Ask(
                OpenClSubject.Event,
                (ulong)found->Handle,
                0,
                param_name,
                param_value_size,
                param_value,
                param_value_size_ret
            ),
            _ => ClResult.InvalidValue,
        };
    }

    internal static ClResult GetEventProfilingInfo(
        nint @event,
        uint param_name,
        nuint param_value_size,
        void* param_value,
        nuint* param_value_size_ret
    )
    {
        const ulong Profiling = 2;
        var found = ClObject.Of(@event, HandleKind.ClEvent);
        if (found == null)
        {
            return ClResult.InvalidEvent;
        }
        if (found->Parent == null || (found->Parent->Flags & Profiling) == 0)
        {
            return ClResult.ProfilingInfoNotAvailable;
        }
        return Ask(
            OpenClSubject.Profile,
            (ulong)found->Handle,
            0,
            param_name,
            param_value_size,
            param_value,
            param_value_size_ret
        );
    }

    internal static nint CreateUserEvent(nint context, int* errcode_ret)
    {
        var owner = ClObject.Of(context, HandleKind.ClContext);
        if (owner == null)
        {
            return Fail(ClResult.InvalidContext, errcode_ret);
        }
        ClientThread* thread;
        var result = Enter(&thread);
        nint handle = 0;
        if (result == ClResult.Success)
        {
            result = WireCalls.ClCreateUserEvent(thread, &handle, owner->Handle);
        }
        if (result != ClResult.Success)
        {
            return Fail(result, errcode_ret);
        }
        var made = ClObject.Adopt(handle, owner);
        if (made != null)
        {
            made->Type = CommandUser;
        }
        return Give(made, errcode_ret);
    }

    internal static ClResult SetUserEventStatus(nint @event, int execution_status)
    {
        var found = ClObject.Of(@event, HandleKind.ClEvent);
        if (found == null || found->Type != CommandUser)
        {
            return ClResult.InvalidEvent;
        }
        if (execution_status > Complete)
        {
            return ClResult.InvalidValue;
        }
        if (Interlocked.Exchange(ref found->IsSet, 1) != 0)
        {
            return ClResult.InvalidOperation;
        }
        ClientThread* thread;
        var result = Enter(&thread);
        return result == ClResult.Success
            ? WireCalls.ClSetUserEventStatus(thread, found->Handle, execution_status)
            : result;
    }

    internal static ClResult RetainEvent(nint @event) =>
        ClObject.Retain(@event, HandleKind.ClEvent, ClResult.InvalidEvent);

    internal static ClResult ReleaseEvent(nint @event) =>
        ClObject.Release(@event, HandleKind.ClEvent, ClResult.InvalidEvent);

    internal static ClResult SetEventCallback(
        nint @event,
        int command_exec_callback_type,
        nint pfn_notify,
        void* user_data
    )
    {
        const int Submitted = 2;
        var found = ClObject.Of(@event, HandleKind.ClEvent);
        if (found == null)
        {
            return ClResult.InvalidEvent;
        }
        if (pfn_notify == 0 || command_exec_callback_type is < Complete or > Submitted)
        {
            return ClResult.InvalidValue;
        }
        ClientThread* thread;
        var result = Enter(&thread);
        if (result != ClResult.Success || Callbacks.Start() != CuResult.Success)
        {
            return ClResult.OutOfResources;
        }
        var node = (ClNode*)GuestLibc.Allocate((nuint)sizeof(ClNode));
        if (node == null)
        {
            return ClResult.OutOfHostMemory;
        }
        *node = new ClNode
        {
            Function = pfn_notify,
            UserData = user_data,
            Event = found,
            Status = command_exec_callback_type,
        };
        ClObject.Use(found);
        return WireCalls.ClTell(thread, found->Handle, command_exec_callback_type, (ulong)node);
    }

    /// <summary>On the client's own thread: what the worker says has come that far.</summary>
    internal static void Called(ClNode* node, int status)
    {
        if (node->Function == 0 && node->Memory == null)
        {
            PlacedBuffers.Free(node);
            return;
        }
        if (node->Function == 0)
        {
            Transfers.TakeTurn(node, status);
            return;
        }
        ((delegate* unmanaged[SuppressGCTransition]<nint, int, void*, void>)node->Function)(
            (nint)node->Event,
            status < 0 ? status : node->Status,
            node->UserData
        );
        ClObject.Unuse(node->Event);
        GuestLibc.Free(node);
    }

    internal static ClResult EnqueueMarker(nint command_queue, nint* @event) =>
        @event == null ? ClResult.InvalidValue : Sync(command_queue, 0, 0, null, @event);

    internal static ClResult EnqueueMarkerWithWaitList(
        nint command_queue,
        uint num_events_in_wait_list,
        nint* event_wait_list,
        nint* @event
    ) => Sync(command_queue, 0, num_events_in_wait_list, event_wait_list, @event);

    internal static ClResult EnqueueBarrier(nint command_queue) => Sync(command_queue, 1, 0, null, null);

    internal static ClResult EnqueueBarrierWithWaitList(
        nint command_queue,
        uint num_events_in_wait_list,
        nint* event_wait_list,
        nint* @event
    ) => Sync(command_queue, 1, num_events_in_wait_list, event_wait_list, @event);

    internal static ClResult EnqueueWaitForEvents(nint command_queue, uint num_events, nint* event_list)
    {
        if (num_events == 0 || event_list == null)
        {
            return ClResult.InvalidValue;
        }
        var result = Sync(command_queue, 1, num_events, event_list, null);
        return result == ClResult.InvalidEventWaitList ? ClResult.InvalidEvent : result;
    }

    private static ClResult Sync(nint queue, uint kind, uint waits, nint* list, nint* given)
    {
        ClCommand command;
        var type = kind == 0 ? CommandMarker : CommandBarrier;
        var result = ClCommand.Begin(&command, queue, waits, list, given, type);
        return result != ClResult.Success
            ? ClCommand.Cancel(&command, result)
            : ClCommand.End(
                &command,
                WireCalls.ClSync(
                    command.Thread,
                    command.Queue->Handle,
                    kind,
                    0,
                    command.Event,
                    waits,
                    command.Waits,
                    0,
                    null
                )
            );
    }
}
