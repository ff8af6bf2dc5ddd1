using Weir.Api;
using Weir.Shim.Guest;

namespace Weir.Shim;

/// <content>
/// Coarse-grained shared virtual memory: host memory of the window, which lies at the same addresses in the worker. A map is then only
/// a place in the queue.
/// </content>
internal static unsafe partial class OpenClCalls
{
    private const uint CommandSvmFree = 0x1209;
    private const uint CommandSvmCopy = 0x120A;
    private const uint CommandSvmFill = 0x120B;
    private const uint CommandSvmMap = 0x120C;
    private const uint CommandSvmUnmap = 0x120D;
    private const uint CommandSvmMigrate = 0x120E;
    private const uint DeviceSvm = 0x1053;

    internal static void* SVMAlloc(nint context, ulong flags, nuint size, uint alignment)
    {
        const uint Page = 4096;
        const ulong CoarseFlags = DeviceAccess;
        var owner = ClObject.Of(context, HandleKind.ClContext);
        ClientThread* thread;
        if (
            owner == null
            || size == 0
            || (flags & ~CoarseFlags) != 0
            || (alignment & (alignment - 1)) != 0
            || alignment > Page
            || !HasSharedMemory(owner)
            || Enter(&thread) != ClResult.Success
        )
        {
            return null;
        }
        var address = HostMemory.Allocate(size, 0);
        if (address == 0)
        {
            return null;
        }
        if (WireCalls.ClShareMemory(thread, owner->Handle, address, size) != ClResult.Success)
        {
            _ = HostMemory.Free(address);
            return null;
        }
        return (void*)address;
    }

    private static bool HasSharedMemory(ClObject* context)
    {
        var devices = (nint*)context->More;
        for (nint i = 1; i <= devices[0]; i++)
        {
            ulong kinds;
            if (GetDeviceInfo(devices[i], DeviceSvm, 8, &kinds, null) == ClResult.Success && kinds != 0)
            {
                return true;
            }
        }
        return false;
    }

    internal static void SVMFree(nint context, void* svm_pointer)
    {
        ClientThread* thread;
        if (
            svm_pointer != null
            && HostMemory.TryFind((ulong)svm_pointer, out var range)
            && range.Address == (ulong)svm_pointer
            && Enter(&thread) == ClResult.Success
        )
        {
            _ = WireCalls.ClUnshareMemory(thread, range.Address);
            _ = HostMemory.Free(range.Address);
        }
    }

    // As one that waits: what the queue has to do before is done when it returns.
    internal static ClResult EnqueueSVMFree(
        nint command_queue,
        uint num_svm_pointers,
        void** svm_pointers,
        nint pfn_free_func,
        void* user_data,
        uint num_events_in_wait_list,
        nint* event_wait_list,
        nint* @event
    )
    {
        if ((num_svm_pointers == 0) != (svm_pointers == null))
        {
            return ClResult.InvalidValue;
        }
        ClCommand command;
        var result = ClCommand.Begin(
            &command,
            command_queue,
            num_events_in_wait_list,
            event_wait_list,
            @event,
            CommandSvmFree
        );
        if (result != ClResult.Success)
        {
            return ClCommand.Cancel(&command, result);
        }
        var context = (nint)command.Queue->Context;
        result = Fence(&command, waits: true);
        if (result == ClResult.Success && pfn_free_func != 0)
        {
            ((delegate* unmanaged[SuppressGCTransition]<nint, uint, void**, void*, void>)pfn_free_func)(
                command_queue,
                num_svm_pointers,
                svm_pointers,
                user_data
            );
        }
        else if (result == ClResult.Success)
        {
            for (uint i = 0; i < num_svm_pointers; i++)
            {
                SVMFree(context, svm_pointers[i]);
            }
        }
        return ClCommand.End(&command, result);
    }

    internal static ClResult EnqueueSVMMemcpy(
        nint command_queue,
        uint blocking_copy,
        void* dst_ptr,
        void* src_ptr,
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
            CommandSvmCopy
        );
        if (result == ClResult.Success && (dst_ptr == null || src_ptr == null))
        {
            result = ClResult.InvalidValue;
        }
        if (
            result == ClResult.Success
            && (byte*)dst_ptr < (byte*)src_ptr + size
            && (byte*)src_ptr < (byte*)dst_ptr + size
        )
        {
            result = ClResult.MemCopyOverlap;
        }
        var isShared = IsShared(dst_ptr, size) && IsShared(src_ptr, size);
        if (result != ClResult.Success)
        {
            return ClCommand.Cancel(&command, result);
        }
        if (isShared)
        {
            result = WireCalls.ClSharedWork(
                command.Thread,
                command.Queue->Handle,
                0,
                (ulong)dst_ptr,
                (ulong)src_ptr,
                size,
                0,
                null,
                command.Event,
                command.WaitCount,
                command.Waits
            );
            if (result == ClResult.Success && blocking_copy != 0)
            {
                result = WireCalls.ClFinish(command.Thread, command.Queue->Handle);
            }
        }
        else
        {
            // The worker does not see the program's own memory: the copy is made here, when its turn has come.
            result = Fence(&command, waits: true);
            if (result == ClResult.Success)
            {
                _ = GuestLibc.Copy(dst_ptr, src_ptr, size);
            }
        }
        return ClCommand.End(&command, result);
    }

    internal static ClResult EnqueueSVMMemFill(
        nint command_queue,
        void* svm_ptr,
        void* pattern,
        nuint pattern_size,
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
            CommandSvmFill
        );
        if (
            result == ClResult.Success
            && (
                pattern == null
                || pattern_size is 0 or > 128
                || (pattern_size & (pattern_size - 1)) != 0
                || size % pattern_size != 0
                || (ulong)svm_ptr % pattern_size != 0
                || !IsShared(svm_ptr, size)
            )
        )
        {
            result = ClResult.InvalidValue;
        }
        return result != ClResult.Success
            ? ClCommand.Cancel(&command, result)
            : ClCommand.End(
                &command,
                WireCalls.ClSharedWork(
                    command.Thread,
                    command.Queue->Handle,
                    1,
                    (ulong)svm_ptr,
                    0,
                    size,
                    (uint)pattern_size,
                    pattern,
                    command.Event,
                    command.WaitCount,
                    command.Waits
                )
            );
    }

    internal static ClResult EnqueueSVMMap(
        nint command_queue,
        uint blocking_map,
        ulong flags,
        void* svm_ptr,
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
            CommandSvmMap
        );
        if (result == ClResult.Success && (svm_ptr == null || size == 0 || (flags & ~7UL) != 0))
        {
            result = ClResult.InvalidValue;
        }
        return result != ClResult.Success
            ? ClCommand.Cancel(&command, result)
            : ClCommand.End(&command, Fence(&command, blocking_map != 0));
    }

    internal static ClResult EnqueueSVMUnmap(
        nint command_queue,
        void* svm_ptr,
        uint num_events_in_wait_list,
        nint* event_wait_list,
        nint* @event
    ) =>
        svm_ptr == null
            ? ClResult.InvalidValue
            : OnlyFence(command_queue, num_events_in_wait_list, event_wait_list, @event, CommandSvmUnmap);

    internal static ClResult EnqueueSVMMigrateMem(
        nint command_queue,
        uint num_svm_pointers,
        void** svm_pointers,
        nuint* sizes,
        ulong flags,
        uint num_events_in_wait_list,
        nint* event_wait_list,
        nint* @event
    ) =>
        num_svm_pointers == 0 || svm_pointers == null
            ? ClResult.InvalidValue
            : OnlyFence(command_queue, num_events_in_wait_list, event_wait_list, @event, CommandSvmMigrate);

    private static ClResult OnlyFence(nint queue, uint waits, nint* list, nint* given, uint type)
    {
        ClCommand command;
        var result = ClCommand.Begin(&command, queue, waits, list, given, type);
        return result != ClResult.Success
            ? ClCommand.Cancel(&command, result)
            : ClCommand.End(&command, Fence(&command, waits: false));
    }

    private static bool IsShared(void* address, nuint bytes) =>
        HostMemory.TryFind((ulong)address, out var range) && (ulong)address + bytes <= range.Address + range.Bytes;
}
