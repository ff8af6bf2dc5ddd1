using Weir.Api;
using Weir.Shim.Guest;

namespace Weir.Shim;

/// <content>Contexts and command queues.</content>
internal static unsafe partial class OpenClCalls
{
    private const nint ContextPlatform = 0x1084;
    private const ulong OutOfOrder = 1;
    private const ulong KnownQueueProperties = 3;
    private const ulong OnDevice = 4 | 8;

    internal static nint CreateContext(
        nint* properties,
        uint num_devices,
        nint* devices,
        nint pfn_notify,
        void* user_data,
        int* errcode_ret
    )
    {
        if (devices == null || num_devices == 0 || (pfn_notify == 0 && user_data != null))
        {
            return Fail(ClResult.InvalidValue, errcode_ret);
        }
        if (num_devices > MostDevices)
        {
            return Fail(ClResult.InvalidDevice, errcode_ret);
        }
        var wrong = CheckContextProperties(properties, out var words);
        if (wrong != ClResult.Success)
        {
            return Fail(wrong, errcode_ret);
        }
        var numbers = stackalloc ulong[(int)num_devices];
        ClPlatform* platform = null;
        for (uint i = 0; i < num_devices; i++)
        {
            var device = DeviceOf(devices[i]);
            if (device == null || (platform != null && device->Platform != platform))
            {
                return Fail(ClResult.InvalidDevice, errcode_ret);
            }
            platform = device->Platform;
            numbers[i] = device->Index;
        }
        ClientThread* thread;
        var result = Enter(&thread);
        nint handle = 0;
        if (result == ClResult.Success)
        {
            result = WireCalls.ClCreateContext(thread, &handle, num_devices, numbers);
        }
        if (result != ClResult.Success)
        {
            return Fail(result, errcode_ret);
        }
        var made = ClObject.Adopt(handle, null);
        if (made != null)
        {
            // How many, then each.
            var kept = (nint*)GuestLibc.Allocate((num_devices + 1) * (nuint)sizeof(nint));
            made->More = kept;
            if (kept == null || !KeepProperties(made, properties, (uint)(words * sizeof(nint))))
            {
                ClObject.Unuse(made);
                return Fail(ClResult.OutOfHostMemory, errcode_ret);
            }
            kept[0] = (nint)num_devices;
            _ = GuestLibc.Copy(kept + 1, devices, num_devices * (nuint)sizeof(nint));
        }
        return Give(made, errcode_ret);
    }

    internal static nint CreateContextFromType(
        nint* properties,
        ulong device_type,
        nint pfn_notify,
        void* user_data,
        int* errcode_ret
    )
    {
        var wrong = CheckContextProperties(properties, out _);
        if (wrong != ClResult.Success)
        {
            return Fail(wrong, errcode_ret);
        }
        nint platform = 0;
        for (var p = properties; p != null && *p != 0; p += 2)
        {
            platform = *p == ContextPlatform ? p[1] : platform;
        }
        var devices = stackalloc nint[(int)MostDevices];
        uint count;
        var result = GetDeviceIDs(platform, device_type, MostDevices, devices, &count);
        return result != ClResult.Success
            ? Fail(result, errcode_ret)
            : CreateContext(properties, count, devices, pfn_notify, user_data, errcode_ret);
    }

    private static ClResult CheckContextProperties(nint* properties, out int words)
    {
        const nint InteropUserSync = 0x1085;
        words = 1;
        ulong seen = 0;
        for (var p = properties; p != null && *p != 0; p += 2, words += 2)
        {
            var bit =
                *p == ContextPlatform ? 1u
                : *p == InteropUserSync ? 2u
                : 0u;
            if (bit == 0 || (seen & bit) != 0)
            {
                return ClResult.InvalidProperty;
            }
            seen |= bit;
            if (*p == ContextPlatform && PlatformOf(p[1]) == null)
            {
                return ClResult.InvalidPlatform;
            }
        }
        return ClResult.Success;
    }

    internal static ClResult RetainContext(nint context) =>
        ClObject.Retain(context, HandleKind.ClContext, ClResult.InvalidContext);

    internal static ClResult ReleaseContext(nint context) =>
        ClObject.Release(context, HandleKind.ClContext, ClResult.InvalidContext);

    internal static ClResult SetContextDestructorCallback(nint context, nint pfn_notify, void* user_data)
    {
        var found = ClObject.Of(context, HandleKind.ClContext);
        return found == null ? ClResult.InvalidContext : NoteDestructor(found, pfn_notify, user_data);
    }

    internal static ClResult GetContextInfo(
        nint context,
        uint param_name,
        nuint param_value_size,
        void* param_value,
        nuint* param_value_size_ret
    )
    {
        var found = ClObject.Of(context, HandleKind.ClContext);
        if (found == null)
        {
            return ClResult.InvalidContext;
        }
        var devices = (nint*)found->More;
        return param_name switch
        {
            0x1080 => Answer((uint)found->References, param_value_size, param_value, param_value_size_ret),
            0x1081 => Answer(
                devices + 1,
                (nuint)devices[0] * (nuint)sizeof(nint),
                param_value_size,
                param_value,
                param_value_size_ret
            ),
            0x1082 => Answer(
                found->Properties,
                found->PropertyBytes,
                param_value_size,
                param_value,
                param_value_size_ret
            ),
            0x1083 => Answer((uint)devices[0], param_value_size, param_value, param_value_size_ret),
            _ => ClResult.InvalidValue,
        };
    }

    internal static nint CreateCommandQueue(nint context, nint device, ulong properties, int* errcode_ret) =>
        CreateQueue(context, device, properties, null, 0, errcode_ret);

    internal static nint CreateCommandQueueWithProperties(
        nint context,
        nint device,
        ulong* properties,
        int* errcode_ret
    )
    {
        const ulong Properties = 0x1093;
        const ulong Size = 0x1094;
        const ulong Priority = 0x1096;
        const ulong Throttle = 0x1097;
        ulong flags = 0;
        uint bytes = 8;
        for (var p = properties; p != null && *p != 0; p += 2, bytes += 16)
        {
            switch (*p)
            {
                case Properties:
                    flags = p[1];
                    break;
                case Size:
                    // Of a queue on the device, which no device here has.
                    return Fail(ClResult.InvalidQueueProperties, errcode_ret);
                case Priority or Throttle:
                    break;
                default:
                    return Fail(ClResult.InvalidValue, errcode_ret);
            }
        }
        return CreateQueue(context, device, flags, properties, bytes, errcode_ret);
    }

    private static nint CreateQueue(
        nint context,
        nint device,
        ulong flags,
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
        var target = DeviceOf(device);
        if (target == null || !HasDevice(owner, device))
        {
            return Fail(ClResult.InvalidDevice, code);
        }
        if ((flags & ~(KnownQueueProperties | OnDevice)) != 0)
        {
            return Fail(ClResult.InvalidValue, code);
        }
        if ((flags & OnDevice) != 0)
        {
            return Fail(ClResult.InvalidQueueProperties, code);
        }
        ClientThread* thread;
        var result = Enter(&thread);
        nint handle = 0;
        if (result == ClResult.Success)
        {
            result = WireCalls.ClCreateQueue(thread, &handle, owner->Handle, target->Index, flags);
        }
        if (result != ClResult.Success)
        {
            return Fail(result, code);
        }
        var made = ClObject.Adopt(handle, owner);
        if (made != null)
        {
            made->Device = target;
            made->Flags = flags;
            if (!KeepProperties(made, properties, propertyBytes))
            {
                ClObject.Unuse(made);
                made = null;
            }
        }
        return Give(made, code);
    }

    private static bool HasDevice(ClObject* context, nint device)
    {
        var devices = (nint*)context->More;
        for (nint i = 1; i <= devices[0]; i++)
        {
            if (devices[i] == device)
            {
                return true;
            }
        }
        return false;
    }

    internal static ClResult RetainCommandQueue(nint command_queue) =>
        ClObject.Retain(command_queue, HandleKind.ClQueue, ClResult.InvalidCommandQueue);

    internal static ClResult ReleaseCommandQueue(nint command_queue) =>
        ClObject.Release(command_queue, HandleKind.ClQueue, ClResult.InvalidCommandQueue);

    internal static ClResult GetCommandQueueInfo(
        nint command_queue,
        uint param_name,
        nuint param_value_size,
        void* param_value,
        nuint* param_value_size_ret
    )
    {
        var found = ClObject.Of(command_queue, HandleKind.ClQueue);
        if (found == null)
        {
            return ClResult.InvalidCommandQueue;
        }
        return param_name switch
        {
            0x1090 => Answer((nint)found->Context, param_value_size, param_value, param_value_size_ret),
            0x1091 => Answer((nint)found->Device, param_value_size, param_value, param_value_size_ret),
            0x1092 => Answer((uint)found->References, param_value_size, param_value, param_value_size_ret),
            0x1093 => Answer(found->Flags, param_value_size, param_value, param_value_size_ret),
            // Of queues on the device only.
            0x1094 => ClResult.InvalidCommandQueue,
            0x1095 => Answer((nint)0, param_value_size, param_value, param_value_size_ret),
            0x1098 => Answer(
                found->Properties,
                found->PropertyBytes,
                param_value_size,
                param_value,
                param_value_size_ret
            ),
            _ => ClResult.InvalidValue,
        };
    }

    // Gone since OpenCL 1.1.
    internal static ClResult SetCommandQueueProperty(
        nint command_queue,
        ulong properties,
        uint enable,
        ulong* old_properties
    ) =>
        ClObject.Of(command_queue, HandleKind.ClQueue) == null
            ? ClResult.InvalidCommandQueue
            : ClResult.InvalidOperation;

    internal static ClResult Flush(nint command_queue)
    {
        var found = ClObject.Of(command_queue, HandleKind.ClQueue);
        ClientThread* thread = null;
        var result = found == null ? ClResult.InvalidCommandQueue : Enter(&thread);
        return result == ClResult.Success ? WireCalls.ClFlush(thread, found->Handle) : result;
    }

    internal static ClResult Finish(nint command_queue)
    {
        var found = ClObject.Of(command_queue, HandleKind.ClQueue);
        ClientThread* thread = null;
        var result = found == null ? ClResult.InvalidCommandQueue : Enter(&thread);
        return result == ClResult.Success ? WireCalls.ClFinish(thread, found->Handle) : result;
    }
}
