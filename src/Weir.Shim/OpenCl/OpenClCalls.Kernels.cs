using System.Runtime.InteropServices;
using Weir.Api;
using Weir.Shim.Guest;

namespace Weir.Shim;

/// <summary>An argument that the worker took: another of the same kind and size will be taken too, so nobody waits for that.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct ClArgument
{
    internal const uint MostInline = 32;

    internal int IsKnown;
    internal uint Kind;
    internal ulong Size;
    internal ulong Value;
    internal fixed byte Data[(int)MostInline];
}

/// <summary>What goes with a kernel: its last launch that was taken, then its arguments.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct ClKernelMemory
{
    internal uint Arguments;
    internal uint Dimensions;
    internal nint Queue;
    internal uint Shape;
    internal fixed ulong Local[3];

    internal static ClArgument* Argument(ClKernelMemory* memory, uint index) => (ClArgument*)(memory + 1) + index;
}

/// <content>Kernels and their arguments.</content>
internal static unsafe partial class OpenClCalls
{
    private const uint ArgumentBytes = 0;
    private const uint ArgumentMemory = 1;
    private const uint ArgumentSampler = 2;
    private const uint ArgumentLocal = 3;
    private const uint ArgumentShared = 4;

    private const uint CommandKernel = 0x11F0;
    private const uint CommandTask = 0x11F1;

    internal static nint CreateKernel(nint program, byte* kernel_name, int* errcode_ret)
    {
        var parent = ClObject.Of(program, HandleKind.ClProgram);
        if (parent == null)
        {
            return Fail(ClResult.InvalidProgram, errcode_ret);
        }
        if (kernel_name == null)
        {
            return Fail(ClResult.InvalidValue, errcode_ret);
        }
        ClientThread* thread;
        var result = Enter(&thread);
        nint handle = 0;
        if (result == ClResult.Success)
        {
            result = WireCalls.ClCreateKernel(thread, &handle, parent->Handle, kernel_name);
        }
        return result != ClResult.Success
            ? Fail(result, errcode_ret)
            : Give(AdoptKernel(thread, handle, parent), errcode_ret);
    }

    // The answer tells the number of arguments.
    private static ClObject* AdoptKernel(ClientThread* thread, nint handle, ClObject* program)
    {
        const uint Most = 4096;
        var count = thread->ReplyBytes < 8 ? 0 : (uint)*(ulong*)thread->Reply;
        count = count > Most ? Most : count;
        var made = ClObject.Adopt(handle, program->Context);
        if (made == null)
        {
            return null;
        }
        made->Parent = program;
        ClObject.Use(program);
        var bytes = (nuint)sizeof(ClKernelMemory) + count * (nuint)sizeof(ClArgument);
        made->More = GuestLibc.Allocate(bytes);
        if (made->More == null)
        {
            ClObject.Unuse(made);
            return null;
        }
        _ = GuestLibc.Fill(made->More, 0, bytes);
        ((ClKernelMemory*)made->More)->Arguments = count;
        return made;
    }

    internal static ClResult CreateKernelsInProgram(
        nint program,
        uint num_kernels,
        nint* kernels,
        uint* num_kernels_ret
    )
    {
        const uint NumberOfKernels = 0x1167;
        const uint KernelNames = 0x1168;
        var parent = ClObject.Of(program, HandleKind.ClProgram);
        if (parent == null)
        {
            return ClResult.InvalidProgram;
        }
        nuint count;
        var result = Ask(OpenClSubject.Program, (ulong)parent->Handle, 0, NumberOfKernels, 8, &count, null);
        if (result != ClResult.Success)
        {
            return result;
        }
        if (num_kernels_ret != null)
        {
            *num_kernels_ret = (uint)count;
        }
        if (kernels == null)
        {
            return ClResult.Success;
        }
        if (num_kernels < count)
        {
            return ClResult.InvalidValue;
        }
        nuint bytes;
        result = Ask(OpenClSubject.Program, (ulong)parent->Handle, 0, KernelNames, 0, null, &bytes);
        var names = result == ClResult.Success ? (byte*)GuestLibc.Allocate(bytes + 1) : null;
        if (names == null)
        {
            return result == ClResult.Success ? ClResult.OutOfHostMemory : result;
        }
        result = Ask(OpenClSubject.Program, (ulong)parent->Handle, 0, KernelNames, bytes, names, null);
        names[bytes] = 0;
        var name = names;
        nuint made = 0;
        for (; made < count && result == ClResult.Success; made++)
        {
            var end = name;
            while (*end != 0 && *end != (byte)';')
            {
                end++;
            }
            *end = 0;
            int code;
            kernels[made] = CreateKernel(program, name, &code);
            result = (ClResult)code;
            name = end + 1;
        }
        GuestLibc.Free(names);
        for (nuint i = 0; result != ClResult.Success && i + 1 < made; i++)
        {
            _ = ReleaseKernel(kernels[i]);
        }
        return result;
    }

    internal static nint CloneKernel(nint source_kernel, int* errcode_ret)
    {
        var source = ClObject.Of(source_kernel, HandleKind.ClKernel);
        if (source == null)
        {
            return Fail(ClResult.InvalidKernel, errcode_ret);
        }
        ClientThread* thread;
        var result = Enter(&thread);
        nint handle = 0;
        if (result == ClResult.Success)
        {
            result = WireCalls.ClCloneKernel(thread, &handle, source->Handle);
        }
        return result != ClResult.Success
            ? Fail(result, errcode_ret)
            : Give(AdoptKernel(thread, handle, source->Parent), errcode_ret);
    }

    internal static ClResult RetainKernel(nint kernel) =>
        ClObject.Retain(kernel, HandleKind.ClKernel, ClResult.InvalidKernel);

    internal static ClResult ReleaseKernel(nint kernel) =>
        ClObject.Release(kernel, HandleKind.ClKernel, ClResult.InvalidKernel);

    internal static ClResult SetKernelArg(nint kernel, uint arg_index, nuint arg_size, void* arg_value)
    {
        var found = ClObject.Of(kernel, HandleKind.ClKernel);
        if (found == null)
        {
            return ClResult.InvalidKernel;
        }
        if (arg_value == null)
        {
            return SetArgument(found, arg_index, ArgumentLocal, arg_size, 0, 0, null);
        }
        if (arg_size == (nuint)sizeof(nint))
        {
            var value = *(nint*)arg_value;
            if (ClObject.Of(value, HandleKind.ClMemory) is var memory && memory != null)
            {
                return SetArgument(found, arg_index, ArgumentMemory, arg_size, (ulong)memory->Handle, 0, null);
            }
            if (ClObject.Of(value, HandleKind.ClSampler) is var sampler && sampler != null)
            {
                return SetArgument(found, arg_index, ArgumentSampler, arg_size, (ulong)sampler->Handle, 0, null);
            }
        }
        return arg_size > 32 << 10
            ? ClResult.InvalidArgSize
            : SetArgument(found, arg_index, ArgumentBytes, arg_size, 0, (uint)arg_size, arg_value);
    }

    internal static ClResult SetKernelArgSVMPointer(nint kernel, uint arg_index, void* arg_value)
    {
        var found = ClObject.Of(kernel, HandleKind.ClKernel);
        return found == null
            ? ClResult.InvalidKernel
            : SetArgument(found, arg_index, ArgumentShared, (nuint)sizeof(nint), (ulong)arg_value, 0, null);
    }

    private static ClResult SetArgument(
        ClObject* kernel,
        uint index,
        uint kind,
        ulong size,
        ulong value,
        uint bytes,
        void* data
    )
    {
        var memory = (ClKernelMemory*)kernel->More;
        if (index >= memory->Arguments)
        {
            return ClResult.InvalidArgIndex;
        }
        var known = ClKernelMemory.Argument(memory, index);
        var isSame = known->IsKnown != 0 && known->Kind == kind && known->Size == size;
        if (
            isSame
            && known->Value == value
            && bytes <= ClArgument.MostInline
            && (bytes == 0 || GuestLibc.Compare(known->Data, data, bytes) == 0)
        )
        {
            return ClResult.Success;
        }
        ClientThread* thread;
        var result = Enter(&thread);
        if (result != ClResult.Success)
        {
            return result;
        }
        // How much local memory there may be is a limit, so a new size of it is asked about; a null object is too.
        var isPosted = isSame && kind != ArgumentLocal && !(kind == ArgumentBytes && size == 8 && *(ulong*)data == 0);
        result = isPosted
            ? WireCalls.ClSetArgument(thread, kernel->Handle, index, kind, size, value, bytes, data)
            : WireCalls.ClTryArgument(thread, kernel->Handle, index, kind, size, value, bytes, data);
        if (result != ClResult.Success)
        {
            return result;
        }
        (known->IsKnown, known->Kind, known->Size, known->Value) = (1, kind, size, value);
        if (bytes is > 0 and <= ClArgument.MostInline)
        {
            _ = GuestLibc.Copy(known->Data, data, bytes);
        }
        return ClResult.Success;
    }

    internal static ClResult SetKernelExecInfo(nint kernel, uint param_name, nuint param_value_size, void* param_value)
    {
        const uint SvmPointers = 0x11B6;
        const uint FineGrainSystem = 0x11B7;
        if (ClObject.Of(kernel, HandleKind.ClKernel) == null)
        {
            return ClResult.InvalidKernel;
        }
        if (param_value == null || param_value_size == 0)
        {
            return ClResult.InvalidValue;
        }
        // Every address of shared memory is valid in every kernel here: there is nothing to tell.
        return param_name == SvmPointers ? ClResult.Success
            : param_name == FineGrainSystem
                ? *(uint*)param_value == 0 ? ClResult.Success
                    : ClResult.InvalidOperation
            : ClResult.InvalidValue;
    }

    internal static ClResult GetKernelInfo(
        nint kernel,
        uint param_name,
        nuint param_value_size,
        void* param_value,
        nuint* param_value_size_ret
    )
    {
        var found = ClObject.Of(kernel, HandleKind.ClKernel);
        if (found == null)
        {
            return ClResult.InvalidKernel;
        }
        return param_name switch
        {
            0x1192 => Answer((uint)found->References, param_value_size, param_value, param_value_size_ret),
            0x1193 => Answer((nint)found->Context, param_value_size, param_value, param_value_size_ret),
            0x1194 => Answer((nint)found->Parent, param_value_size, param_value, param_value_size_ret),
            _ => Ask(
                OpenClSubject.Kernel,
                (ulong)found->Handle,
                0,
                param_name,
                param_value_size,
                param_value,
                param_value_size_ret
            ),
        };
    }

    internal static ClResult GetKernelArgInfo(
        nint kernel,
        uint arg_indx,
        uint param_name,
        nuint param_value_size,
        void* param_value,
        nuint* param_value_size_ret
    )
    {
        var found = ClObject.Of(kernel, HandleKind.ClKernel);
        return found == null ? ClResult.InvalidKernel
            : arg_indx >= ((ClKernelMemory*)found->More)->Arguments ? ClResult.InvalidArgIndex
            : Ask(
                OpenClSubject.Argument,
                (ulong)found->Handle,
                arg_indx,
                param_name,
                param_value_size,
                param_value,
                param_value_size_ret
            );
    }

    internal static ClResult GetKernelWorkGroupInfo(
        nint kernel,
        nint device,
        uint param_name,
        nuint param_value_size,
        void* param_value,
        nuint* param_value_size_ret
    ) =>
        AskOfKernel(
            OpenClSubject.WorkGroup,
            kernel,
            device,
            param_name,
            param_value_size,
            param_value,
            param_value_size_ret,
            null,
            0
        );

    internal static ClResult GetKernelSubGroupInfo(
        nint kernel,
        nint device,
        uint param_name,
        nuint input_value_size,
        void* input_value,
        nuint param_value_size,
        void* param_value,
        nuint* param_value_size_ret
    ) =>
        input_value_size > 64
            ? ClResult.InvalidValue
            : AskOfKernel(
                OpenClSubject.SubGroup,
                kernel,
                device,
                param_name,
                param_value_size,
                param_value,
                param_value_size_ret,
                input_value,
                (uint)input_value_size
            );

    internal static ClResult GetKernelSubGroupInfoKHR(
        nint in_kernel,
        nint in_device,
        uint param_name,
        nuint input_value_size,
        void* input_value,
        nuint param_value_size,
        void* param_value,
        nuint* param_value_size_ret
    ) =>
        GetKernelSubGroupInfo(
            in_kernel,
            in_device,
            param_name,
            input_value_size,
            input_value,
            param_value_size,
            param_value,
            param_value_size_ret
        );

    private static ClResult AskOfKernel(
        OpenClSubject subject,
        nint kernel,
        nint device,
        uint parameter,
        nuint room,
        void* place,
        nuint* size,
        void* input,
        uint inputBytes
    )
    {
        var found = ClObject.Of(kernel, HandleKind.ClKernel);
        if (found == null)
        {
            return ClResult.InvalidKernel;
        }
        var target = DeviceOf(device);
        if (device != 0 && (target == null || !HasDevice(found->Context, device)))
        {
            return ClResult.InvalidDevice;
        }
        if (device == 0 && *(nint*)found->Context->More != 1)
        {
            return ClResult.InvalidDevice;
        }
        var number = target == null ? NoDevice : target->Index;
        return Ask(subject, (ulong)found->Handle, number, parameter, room, place, size, input, inputBytes);
    }
}
