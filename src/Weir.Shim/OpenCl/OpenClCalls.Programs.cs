using Weir.Api;
using Weir.Shim.Guest;

namespace Weir.Shim;

/// <content>Programs.</content>
internal static unsafe partial class OpenClCalls
{
    internal static nint CreateProgramWithSource(
        nint context,
        uint count,
        byte** strings,
        nuint* lengths,
        int* errcode_ret
    )
    {
        var owner = ClObject.Of(context, HandleKind.ClContext);
        if (owner == null)
        {
            return Fail(ClResult.InvalidContext, errcode_ret);
        }
        if (count == 0 || strings == null)
        {
            return Fail(ClResult.InvalidValue, errcode_ret);
        }
        for (uint i = 0; i < count; i++)
        {
            if (strings[i] == null)
            {
                return Fail(ClResult.InvalidValue, errcode_ret);
            }
        }
        ClientThread* thread;
        var result = Enter(&thread);
        if (result != ClResult.Success)
        {
            return Fail(result, errcode_ret);
        }
        _ = Blobs.Send(thread, null, 0, out var blob);
        for (uint i = 0; i < count && result == ClResult.Success; i++)
        {
            var length = lengths == null || lengths[i] == 0 ? GuestLibc.Length(strings[i]) : lengths[i];
            result = Result(Blobs.Append(thread, blob, strings[i], length));
        }
        nint handle = 0;
        if (result == ClResult.Success)
        {
            result = WireCalls.ClCreateProgramWithSource(thread, &handle, blob, owner->Handle);
        }
        return result != ClResult.Success
            ? Fail(result, errcode_ret)
            : Give(ClObject.Adopt(handle, owner), errcode_ret);
    }

    internal static nint CreateProgramWithIL(nint context, void* il, nuint length, int* errcode_ret)
    {
        var owner = ClObject.Of(context, HandleKind.ClContext);
        if (owner == null)
        {
            return Fail(ClResult.InvalidContext, errcode_ret);
        }
        if (il == null || length == 0)
        {
            return Fail(ClResult.InvalidValue, errcode_ret);
        }
        ClientThread* thread;
        var result = Enter(&thread);
        nint handle = 0;
        if (result == ClResult.Success)
        {
            result = Result(Blobs.Send(thread, (byte*)il, length, out var blob));
            if (result == ClResult.Success)
            {
                result = WireCalls.ClCreateProgramWithIL(thread, &handle, blob, owner->Handle);
            }
        }
        return result != ClResult.Success
            ? Fail(result, errcode_ret)
            : Give(ClObject.Adopt(handle, owner), errcode_ret);
    }

    internal static nint CreateProgramWithBinary(
        nint context,
        uint num_devices,
        nint* device_list,
        nuint* lengths,
        byte** binaries,
        int* binary_status,
        int* errcode_ret
    )
    {
        var owner = ClObject.Of(context, HandleKind.ClContext);
        if (owner == null)
        {
            return Fail(ClResult.InvalidContext, errcode_ret);
        }
        if (device_list == null || num_devices == 0 || lengths == null || binaries == null || num_devices > MostDevices)
        {
            return Fail(ClResult.InvalidValue, errcode_ret);
        }
        var devices = stackalloc ulong[(int)MostDevices];
        var sizes = stackalloc ulong[(int)MostDevices];
        var isKnown = TryNumbers(owner, num_devices, device_list, devices);
        for (uint i = 0; i < num_devices; i++)
        {
            if (lengths[i] == 0 || binaries[i] == null)
            {
                if (binary_status != null)
                {
                    binary_status[i] = (int)ClResult.InvalidValue;
                }
                return Fail(ClResult.InvalidValue, errcode_ret);
            }
            sizes[i] = lengths[i];
        }
        if (!isKnown)
        {
            return Fail(ClResult.InvalidDevice, errcode_ret);
        }
        ClientThread* thread;
        var result = Enter(&thread);
        if (result != ClResult.Success)
        {
            return Fail(result, errcode_ret);
        }
        _ = Blobs.Send(thread, null, 0, out var blob);
        for (uint i = 0; i < num_devices && result == ClResult.Success; i++)
        {
            result = Result(Blobs.Append(thread, blob, binaries[i], lengths[i]));
        }
        nint handle = 0;
        if (result == ClResult.Success)
        {
            result = WireCalls.ClCreateProgramWithBinary(
                thread,
                &handle,
                blob,
                owner->Handle,
                num_devices,
                devices,
                sizes
            );
        }
        for (uint i = 0; binary_status != null && i < num_devices; i++)
        {
            var isAnswered = result == ClResult.Success && thread->ReplyBytes >= (i + 1) * sizeof(ulong);
            binary_status[i] = isAnswered ? (int)((ulong*)thread->Reply)[i] : (int)result;
        }
        return result != ClResult.Success
            ? Fail(result, errcode_ret)
            : Give(ClObject.Adopt(handle, owner), errcode_ret);
    }

    internal static nint CreateProgramWithBuiltInKernels(
        nint context,
        uint num_devices,
        nint* device_list,
        byte* kernel_names,
        int* errcode_ret
    )
    {
        var owner = ClObject.Of(context, HandleKind.ClContext);
        if (owner == null)
        {
            return Fail(ClResult.InvalidContext, errcode_ret);
        }
        if (device_list == null || num_devices == 0 || kernel_names == null || num_devices > MostDevices)
        {
            return Fail(ClResult.InvalidValue, errcode_ret);
        }
        var devices = stackalloc ulong[(int)MostDevices];
        if (!TryNumbers(owner, num_devices, device_list, devices))
        {
            return Fail(ClResult.InvalidDevice, errcode_ret);
        }
        ClientThread* thread;
        var result = Enter(&thread);
        nint handle = 0;
        if (result == ClResult.Success)
        {
            result = WireCalls.ClCreateProgramWithBuiltInKernels(
                thread,
                &handle,
                owner->Handle,
                num_devices,
                devices,
                kernel_names
            );
        }
        return result != ClResult.Success
            ? Fail(result, errcode_ret)
            : Give(ClObject.Adopt(handle, owner), errcode_ret);
    }

    internal static ClResult RetainProgram(nint program) =>
        ClObject.Retain(program, HandleKind.ClProgram, ClResult.InvalidProgram);

    internal static ClResult ReleaseProgram(nint program) =>
        ClObject.Release(program, HandleKind.ClProgram, ClResult.InvalidProgram);

    // Of programs with constructors and destructors in SPIR-V, which no device here runs.
    internal static ClResult SetProgramReleaseCallback(nint program, nint pfn_notify, void* user_data) =>
        ClObject.Of(program, HandleKind.ClProgram) == null ? ClResult.InvalidProgram : ClResult.InvalidOperation;

    internal static ClResult SetProgramSpecializationConstant(
        nint program,
        uint spec_id,
        nuint spec_size,
        void* spec_value
    )
    {
        var found = ClObject.Of(program, HandleKind.ClProgram);
        if (found == null)
        {
            return ClResult.InvalidProgram;
        }
        if (spec_value == null || spec_size is 0 or > 64)
        {
            return ClResult.InvalidValue;
        }
        ClientThread* thread;
        var result = Enter(&thread);
        return result == ClResult.Success
            ? WireCalls.ClSpecialise(thread, found->Handle, spec_id, (uint)spec_size, spec_value)
            : result;
    }

    internal static ClResult GetProgramInfo(
        nint program,
        uint param_name,
        nuint param_value_size,
        void* param_value,
        nuint* param_value_size_ret
    )
    {
        const uint Binaries = 0x1166;
        var found = ClObject.Of(program, HandleKind.ClProgram);
        if (found == null)
        {
            return ClResult.InvalidProgram;
        }
        return param_name switch
        {
            0x1160 => Answer((uint)found->References, param_value_size, param_value, param_value_size_ret),
            0x1161 => Answer((nint)found->Context, param_value_size, param_value, param_value_size_ret),
            0x1163 => ProgramDevices(found, param_value_size, param_value, param_value_size_ret),
            Binaries => ProgramBinaries(found, param_value_size, (byte**)param_value, param_value_size_ret),
            _ => Ask(
                OpenClSubject.Program,
                (ulong)found->Handle,
                0,
                param_name,
                param_value_size,
                param_value,
                param_value_size_ret
            ),
        };
    }

    private static ClResult ProgramDevices(ClObject* program, nuint room, void* place, nuint* size)
    {
        const uint Devices = 0x1163;
        var numbers = stackalloc nint[(int)MostDevices];
        nuint bytes;
        // The worker tells numbers in words as long as a device's address.
        var result = Ask(
            OpenClSubject.Program,
            (ulong)program->Handle,
            0,
            Devices,
            MostDevices * (nuint)sizeof(nint),
            numbers,
            &bytes
        );
        if (result != ClResult.Success)
        {
            return result;
        }
        for (nuint i = 0; i < bytes / (nuint)sizeof(nint); i++)
        {
            numbers[i] = (nint)(s_devices + numbers[i]);
        }
        return Answer(numbers, bytes, room, place, size);
    }

    private static ClResult ProgramBinaries(ClObject* program, nuint room, byte** place, nuint* size)
    {
        const uint Sizes = 0x1165;
        const uint Binaries = 0x1166;
        var sizes = stackalloc nuint[(int)MostDevices];
        nuint bytes;
        var about = (ulong)program->Handle;
        var result = Ask(OpenClSubject.Program, about, 0, Sizes, MostDevices * (nuint)sizeof(nuint), sizes, &bytes);
        if (result != ClResult.Success)
        {
            return result;
        }
        if (size != null)
        {
            *size = bytes;
        }
        if (place == null)
        {
            return ClResult.Success;
        }
        if (room < bytes)
        {
            return ClResult.InvalidValue;
        }
        for (nuint i = 0; i < bytes / (nuint)sizeof(nuint) && result == ClResult.Success; i++)
        {
            if (place[i] != null && sizes[i] > 0)
            {
                result = Ask(OpenClSubject.Program, about, i, Binaries, sizes[i], place[i], null);
            }
        }
        return result;
    }

    internal static ClResult GetProgramBuildInfo(
        nint program,
        nint device,
        uint param_name,
        nuint param_value_size,
        void* param_value,
        nuint* param_value_size_ret
    )
    {
        var found = ClObject.Of(program, HandleKind.ClProgram);
        if (found == null)
        {
            return ClResult.InvalidProgram;
        }
        var target = DeviceOf(device);
        return target == null || !HasDevice(found->Context, device)
            ? ClResult.InvalidDevice
            : Ask(
                OpenClSubject.Build,
                (ulong)found->Handle,
                target->Index,
                param_name,
                param_value_size,
                param_value,
                param_value_size_ret
            );
    }
}
