using Weir.Api;
using Weir.Shim.Guest;

namespace Weir.Shim;

/// <content>Building programs: done before the function returns; the program's callback is called then, on its thread.</content>
internal static unsafe partial class OpenClCalls
{
    internal static ClResult BuildProgram(
        nint program,
        uint num_devices,
        nint* device_list,
        byte* options,
        nint pfn_notify,
        void* user_data
    )
    {
        var found = ClObject.Of(program, HandleKind.ClProgram);
        var devices = stackalloc ulong[(int)MostDevices];
        var result = CheckBuild(found, num_devices, device_list, devices, pfn_notify, user_data);
        ClientThread* thread = null;
        if (result == ClResult.Success)
        {
            result = Enter(&thread);
        }
        if (result != ClResult.Success)
        {
            return result;
        }
        fixed (byte* none = "\0"u8)
        {
            result = WireCalls.ClBuildProgram(
                thread,
                found->Handle,
                num_devices,
                devices,
                options == null ? none : options
            );
        }
        return Notify(result, program, pfn_notify, user_data);
    }

    internal static ClResult CompileProgram(
        nint program,
        uint num_devices,
        nint* device_list,
        byte* options,
        uint num_input_headers,
        nint* input_headers,
        byte** header_include_names,
        nint pfn_notify,
        void* user_data
    )
    {
        const uint MostHeaders = 256;
        const uint MostNames = 32 << 10;
        var found = ClObject.Of(program, HandleKind.ClProgram);
        var devices = stackalloc ulong[(int)MostDevices];
        var result = CheckBuild(found, num_devices, device_list, devices, pfn_notify, user_data);
        if (result != ClResult.Success)
        {
            return result;
        }
        if (
            num_input_headers > MostHeaders
            || (num_input_headers == 0) != (input_headers == null)
            || (num_input_headers == 0) != (header_include_names == null)
        )
        {
            return ClResult.InvalidValue;
        }
        var headers = stackalloc ulong[(int)MostHeaders];
        var names = stackalloc byte[(int)MostNames];
        uint nameBytes = 0;
        for (uint i = 0; i < num_input_headers; i++)
        {
            var header = ClObject.Of(input_headers[i], HandleKind.ClProgram);
            if (header == null || header_include_names[i] == null)
            {
                return header == null ? ClResult.InvalidProgram : ClResult.InvalidValue;
            }
            var bytes = (uint)GuestLibc.Length(header_include_names[i]) + 1;
            if (nameBytes + bytes > MostNames)
            {
                return ClResult.OutOfResources;
            }
            headers[i] = (ulong)header->Handle;
            _ = GuestLibc.Copy(names + nameBytes, header_include_names[i], bytes);
            nameBytes += bytes;
        }
        ClientThread* thread;
        result = Enter(&thread);
        if (result != ClResult.Success)
        {
            return result;
        }
        fixed (byte* none = "\0"u8)
        {
            result = WireCalls.ClCompileProgram(
                thread,
                found->Handle,
                num_devices,
                devices,
                options == null ? none : options,
                num_input_headers,
                headers,
                nameBytes,
                names
            );
        }
        return Notify(result, program, pfn_notify, user_data);
    }

    internal static nint LinkProgram(
        nint context,
        uint num_devices,
        nint* device_list,
        byte* options,
        uint num_input_programs,
        nint* input_programs,
        nint pfn_notify,
        void* user_data,
        int* errcode_ret
    )
    {
        const uint MostPrograms = 256;
        var owner = ClObject.Of(context, HandleKind.ClContext);
        if (owner == null)
        {
            return Fail(ClResult.InvalidContext, errcode_ret);
        }
        if (
            (num_devices == 0) != (device_list == null)
            || num_devices > MostDevices
            || num_input_programs is 0 or > MostPrograms
            || input_programs == null
            || (pfn_notify == 0 && user_data != null)
        )
        {
            return Fail(ClResult.InvalidValue, errcode_ret);
        }
        var devices = stackalloc ulong[(int)MostDevices];
        if (!TryNumbers(owner, num_devices, device_list, devices))
        {
            return Fail(ClResult.InvalidDevice, errcode_ret);
        }
        var parts = stackalloc ulong[(int)MostPrograms];
        for (uint i = 0; i < num_input_programs; i++)
        {
            var part = ClObject.Of(input_programs[i], HandleKind.ClProgram);
            if (part == null)
            {
                return Fail(ClResult.InvalidProgram, errcode_ret);
            }
            parts[i] = (ulong)part->Handle;
        }
        ClientThread* thread;
        var result = Enter(&thread);
        nint handle = 0;
        if (result == ClResult.Success)
        {
            fixed (byte* none = "\0"u8)
            {
                result = WireCalls.ClLinkProgram(
                    thread,
                    &handle,
                    owner->Handle,
                    num_devices,
                    devices,
                    options == null ? none : options,
                    num_input_programs,
                    parts
                );
            }
        }
        if (result != ClResult.Success)
        {
            return Fail(result, errcode_ret);
        }
        var made = ClObject.Adopt(handle, owner);
        // A program that did not link is there all the same, for its log.
        var isLinked = thread->ReplyBytes < 8 ? ClResult.Success : (ClResult)(int)*(ulong*)thread->Reply;
        _ = Give(made, errcode_ret);
        if (errcode_ret != null && made != null)
        {
            *errcode_ret = (int)isLinked;
        }
        _ = Notify(ClResult.Success, (nint)made, pfn_notify, user_data);
        return (nint)made;
    }

    private static ClResult CheckBuild(
        ClObject* program,
        uint count,
        nint* list,
        ulong* numbers,
        nint function,
        void* userData
    )
    {
        if (program == null)
        {
            return ClResult.InvalidProgram;
        }
        if ((count == 0) != (list == null) || count > MostDevices || (function == 0 && userData != null))
        {
            return ClResult.InvalidValue;
        }
        return TryNumbers(program->Context, count, list, numbers) ? ClResult.Success : ClResult.InvalidDevice;
    }

    private static bool TryNumbers(ClObject* context, uint count, nint* list, ulong* numbers)
    {
        for (uint i = 0; i < count; i++)
        {
            var device = DeviceOf(list[i]);
            if (device == null || !HasDevice(context, list[i]))
            {
                return false;
            }
            numbers[i] = device->Index;
        }
        return true;
    }

    // With a callback the result of the build is told by the build's status, not by the function.
    private static ClResult Notify(ClResult result, nint program, nint function, void* userData)
    {
        if (function == 0)
        {
            return result;
        }
        ((delegate* unmanaged[SuppressGCTransition]<nint, void*, void>)function)(program, userData);
        return result is ClResult.BuildProgramFailure or (ClResult)(-15) ? ClResult.Success : result;
    }
}
