using Weir.Api;
using Weir.Wire;

namespace Weir.Worker;

/// <content>OpenCL: programs and kernels.</content>
internal sealed unsafe partial class Dispatcher
{
    private const uint MostDevices = 64;

    private partial ClResult OnClCreateProgramWithSource(ulong program, ulong blob, nint context, ref ReplyWriter reply)
    {
        byte[] text = TakeBlob(blob);
        nuint length = (nuint)(text.Length - ImagePaddingBytes);
        int code;
        nint made;
        fixed (byte* data = text)
        {
            byte* start = data;
            made = Cl.CreateProgramWithSource(context, 1, &start, &length, &code);
        }
        return NoteProgram(program, made, code);
    }

    private partial ClResult OnClCreateProgramWithIL(ulong program, ulong blob, nint context, ref ReplyWriter reply)
    {
        byte[] text = TakeBlob(blob);
        int code;
        nint made;
        fixed (byte* data = text)
        {
            made = Cl.CreateProgramWithIL(context, data, (nuint)(text.Length - ImagePaddingBytes), &code);
        }
        return NoteProgram(program, made, code);
    }

    private partial ClResult OnClCreateProgramWithBinary(
        ulong program,
        ulong blob,
        nint context,
        uint count,
        ulong* devices,
        uint length_devices,
        ulong* lengths,
        uint length_lengths,
        ref ReplyWriter reply
    )
    {
        byte[] binaries = TakeBlob(blob);
        nint* native = stackalloc nint[(int)MostDevices];
        byte** starts = stackalloc byte*[(int)MostDevices];
        nuint* sizes = stackalloc nuint[(int)MostDevices];
        int* status = stackalloc int[(int)MostDevices];
        if (count > MostDevices || !TryDevices(devices, count, native, out _))
        {
            return ClResult.InvalidDevice;
        }
        int code;
        nint made;
        fixed (byte* data = binaries)
        {
            ulong left = (ulong)(binaries.Length - ImagePaddingBytes);
            byte* next = data;
            for (uint i = 0; i < count; i++)
            {
                if (lengths[i] > left)
                {
                    throw new ProtocolException("binaries are shorter than what is said of them");
                }
                starts[i] = next;
                sizes[i] = (nuint)lengths[i];
                next += lengths[i];
                left -= lengths[i];
            }
            made = Cl.CreateProgramWithBinary(context, count, native, sizes, starts, status, &code);
        }
        for (uint i = 0; i < count; i++)
        {
            reply.U64((ulong)status[i]);
        }
        return NoteProgram(program, made, code);
    }

    private partial ClResult OnClCreateProgramWithBuiltInKernels(
        ulong program,
        nint context,
        uint count,
        ulong* devices,
        uint length_devices,
        byte* names,
        ref ReplyWriter reply
    )
    {
        nint* native = stackalloc nint[(int)MostDevices];
        if (count > MostDevices || !TryDevices(devices, count, native, out _))
        {
            return ClResult.InvalidDevice;
        }
        int code;
        nint made = Cl.CreateProgramWithBuiltInKernels(context, count, native, names, &code);
        return NoteProgram(program, made, code);
    }

    private partial ClResult OnClReleaseProgram(ulong program, nint native_program, ref ReplyWriter reply)
    {
        Handles.Remove(HandleKind.ClProgram, program);
        return Cl.ReleaseProgram(native_program);
    }

    private partial ClResult OnClBuildProgram(
        nint program,
        uint count,
        ulong* devices,
        uint length_devices,
        byte* options,
        ref ReplyWriter reply
    )
    {
        nint* native = stackalloc nint[(int)MostDevices];
        return count > MostDevices || !TryDevices(devices, count, native, out _)
            ? ClResult.InvalidDevice
            : Cl.BuildProgram(program, count, count == 0 ? null : native, options, 0, null);
    }

    private partial ClResult OnClCompileProgram(
        nint program,
        uint count,
        ulong* devices,
        uint length_devices,
        byte* options,
        uint headers,
        ulong* programs,
        uint length_programs,
        uint nameBytes,
        void* names,
        uint length_names,
        ref ReplyWriter reply
    )
    {
        nint* native = stackalloc nint[(int)MostDevices];
        if (count > MostDevices || !TryDevices(devices, count, native, out _))
        {
            return ClResult.InvalidDevice;
        }
        nint[] headerPrograms = NativePrograms(programs, headers);
        byte*[] headerNames = new byte*[headers];
        byte* next = (byte*)names;
        byte* end = next + nameBytes;
        for (uint i = 0; i < headers; i++)
        {
            headerNames[i] = next;
            while (next < end && *next != 0)
            {
                next++;
            }
            if (next == end)
            {
                throw new ProtocolException("names of headers");
            }
            next++;
        }
        fixed (nint* parts = headerPrograms)
        fixed (byte** texts = headerNames)
        {
            return Cl.CompileProgram(
                program,
                count,
                count == 0 ? null : native,
                options,
                headers,
                parts,
                texts,
                0,
                null
            );
        }
    }

    private partial ClResult OnClLinkProgram(
        ulong program,
        nint context,
        uint count,
        ulong* devices,
        uint length_devices,
        byte* options,
        uint parts,
        ulong* programs,
        uint length_programs,
        ref ReplyWriter reply
    )
    {
        nint* native = stackalloc nint[(int)MostDevices];
        if (count > MostDevices || !TryDevices(devices, count, native, out _))
        {
            return ClResult.InvalidDevice;
        }
        int code;
        nint made;
        fixed (nint* inputs = NativePrograms(programs, parts))
        {
            made = Cl.LinkProgram(context, count, count == 0 ? null : native, options, parts, inputs, 0, null, &code);
        }
        // One that did not link has a log.
        reply.U64((ulong)code);
        return NoteProgram(program, made, code);
    }

    private partial ClResult OnClSpecialise(
        nint program,
        uint constant,
        uint size,
        void* value,
        uint length_value,
        ref ReplyWriter reply
    ) => Cl.SetProgramSpecializationConstant(program, constant, size, value);

    private partial ClResult OnClCreateKernel(ulong kernel, nint program, byte* name, ref ReplyWriter reply)
    {
        int code;
        return NoteKernel(kernel, Cl.CreateKernel(program, name, &code), code, ref reply);
    }

    private partial ClResult OnClCloneKernel(ulong kernel, nint source, ref ReplyWriter reply)
    {
        int code;
        return NoteKernel(kernel, Cl.CloneKernel(source, &code), code, ref reply);
    }

    private partial ClResult OnClReleaseKernel(ulong kernel, nint native_kernel, ref ReplyWriter reply)
    {
        Handles.Remove(HandleKind.ClKernel, kernel);
        return Cl.ReleaseKernel(native_kernel);
    }

    private partial ClResult OnClTryArgument(
        nint kernel,
        uint index,
        uint kind,
        ulong size,
        ulong value,
        uint bytes,
        void* data,
        uint length_data,
        ref ReplyWriter reply
    ) => SetArgument(kernel, index, kind, size, value, bytes, data);

    private partial ClResult OnClSetArgument(
        nint kernel,
        uint index,
        uint kind,
        ulong size,
        ulong value,
        uint bytes,
        void* data,
        uint length_data,
        ref ReplyWriter reply
    ) => SetArgument(kernel, index, kind, size, value, bytes, data);

    private ClResult SetArgument(nint kernel, uint index, uint kind, ulong size, ulong value, uint bytes, void* data)
    {
        const uint OfBytes = 0;
        const uint OfMemory = 1;
        const uint OfSampler = 2;
        const uint OfLocal = 3;
        nint native;
        switch (kind)
        {
            case OfBytes:
                return Cl.SetKernelArg(kernel, index, bytes, data);
            case OfMemory:
                return Handles.TryGet(HandleKind.ClMemory, value, out native)
                    ? Cl.SetKernelArg(kernel, index, (nuint)size, &native)
                    : ClResult.InvalidMemObject;
            case OfSampler:
                return Handles.TryGet(HandleKind.ClSampler, value, out native)
                    ? Cl.SetKernelArg(kernel, index, (nuint)size, &native)
                    : ClResult.InvalidSampler;
            case OfLocal:
                return Cl.SetKernelArg(kernel, index, (nuint)size, null);
            default:
                return value == 0 || session.Window.IsHost(value, 1)
                    ? Cl.SetKernelArgSVMPointer(kernel, index, (void*)value)
                    : ClResult.InvalidArgValue;
        }
    }

    private ClResult NoteProgram(ulong handle, nint made, int code)
    {
        if (made == 0)
        {
            return Error(code);
        }
        Handles.Add(HandleKind.ClProgram, handle, made);
        return ClResult.Success;
    }

    private ClResult NoteKernel(ulong handle, nint made, int code, ref ReplyWriter reply)
    {
        const uint NumberOfArguments = 0x1191;
        if (made == 0)
        {
            return Error(code);
        }
        Handles.Add(HandleKind.ClKernel, handle, made);
        uint arguments = 0;
        _ = Cl.GetKernelInfo(made, NumberOfArguments, sizeof(uint), &arguments, null);
        reply.U64(arguments);
        return ClResult.Success;
    }

    private nint[] NativePrograms(ulong* handles, uint count)
    {
        nint[] native = new nint[count];
        for (uint i = 0; i < count; i++)
        {
            if (!Handles.TryGet(HandleKind.ClProgram, handles[i], out native[i]))
            {
                throw new ProtocolException("a program that is none");
            }
        }
        return native;
    }

    // Kept by the journal too.
    private byte[] TakeBlob(ulong blob)
    {
        byte[] whole =
            session.Blobs.Take(blob, ImagePaddingBytes) ?? throw new ProtocolException("a blob that was not sent");
        Image = whole;
        return whole;
    }
}
