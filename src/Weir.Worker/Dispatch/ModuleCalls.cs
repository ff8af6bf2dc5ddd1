using System.Runtime.InteropServices;
using System.Text;
using Weir.Api;
using Weir.Devices.Software;
using Weir.Wire;
using Weir.Worker.Logging;

namespace Weir.Worker;

/// <content>Modules, functions, launches.</content>
internal sealed unsafe partial class Dispatcher
{
    // PTX text ends at a NUL and headers may name more than there is: a quiet zone after the image.
    internal const int ImagePaddingBytes = 64;
    private const int FunctionAttributes = 16;
    private const int MaxParameters = 1024;

    private partial CuResult OnBlobPart(ulong blob, ulong chunk, ulong length, ref ReplyWriter reply)
    {
        byte* data = BeginRead(chunk, length);
        bool fits = session.Blobs.TryAppend(blob, new ReadOnlySpan<byte>(data, (int)length));
        session.Staging.End(chunk, StagingChunk.Free);
        return fits ? CuResult.Success : CuResult.OutOfMemory;
    }

    private partial CuResult OnLoadModule(ulong module, ulong blob, ref ReplyWriter reply)
    {
        const int LogBytes = 8 << 10;
        byte[]? image = session.Blobs.Take(blob, ImagePaddingBytes);
        byte* logs = stackalloc byte[2 * LogBytes];
        logs[0] = 0;
        logs[LogBytes] = 0;
        CUjit_option* options = stackalloc CUjit_option[4];
        void** values = stackalloc void*[4];
        options[0] = CUjit_option.InfoLogBuffer;
        values[0] = logs;
        options[1] = CUjit_option.InfoLogBufferSizeBytes;
        values[1] = (void*)LogBytes;
        options[2] = CUjit_option.ErrorLogBuffer;
        values[2] = logs + LogBytes;
        options[3] = CUjit_option.ErrorLogBufferSizeBytes;
        values[3] = (void*)LogBytes;
        nint native = 0;
        CuResult result;
        fixed (byte* data = image)
        {
            result = data == null ? CuResult.InvalidImage : Driver.ModuleLoadDataEx(&native, data, 4, options, values);
        }
        reply.Bytes(Text(logs, LogBytes));
        reply.Bytes(Text(logs + LogBytes, LogBytes));
        if (result == CuResult.Success)
        {
            Handles.Add(HandleKind.Module, module, native);
            Image = image;
            Warm(image!, native);
        }
        else
        {
            Log.Error($"a module was refused: {result} {Encoding.UTF8.GetString(Text(logs + LogBytes, LogBytes))}");
        }
        return result;
    }

    private static ReadOnlySpan<byte> Text(byte* text, int capacity)
    {
        var span = new ReadOnlySpan<byte>(text, capacity - 1);
        int end = span.IndexOf((byte)0);
        return end < 0 ? span : span[..end];
    }

    /// <summary>
    /// Answer: u64 bytes of all parameters, with the highest bit set when the kernel may print; array of (u32 offset, u32 size) per parameter; array of i32, the function's
    /// attributes by their number (CUfunction_attribute, 0 to 15; -1 where the device has no answer).
    /// </summary>
    private partial CuResult OnModuleGetFunction(ulong hfunc, nint hmod, byte* name, ref ReplyWriter reply)
    {
        nint native;
        CuResult result = Driver.ModuleGetFunction(&native, hmod, name);
        if (result != CuResult.Success)
        {
            return result;
        }
        uint* layout = stackalloc uint[2 * MaxParameters];
        uint count = 0;
        ulong bytes = 0;
        nuint offset;
        nuint size;
        while (count < MaxParameters && Driver.FuncGetParamInfo(native, count, &offset, &size) == CuResult.Success)
        {
            layout[2 * count] = (uint)offset;
            layout[2 * count + 1] = (uint)size;
            bytes = Math.Max(bytes, offset + size);
            count++;
        }
        // Of a kernel that may print the client takes the text after each synchronisation.
        const ulong MayPrint = 1ul << 63;
        reply.U64(bytes | (Driver is IDeviceOutput output && output.MayPrint(native) ? MayPrint : 0));
        reply.Bytes(new ReadOnlySpan<byte>(layout, (int)count * 8));
        int* attributes = stackalloc int[FunctionAttributes];
        for (int i = 0; i < FunctionAttributes; i++)
        {
            attributes[i] = -1;
            int value;
            if (Driver.FuncGetAttribute(&value, (CUfunction_attribute)i, native) == CuResult.Success)
            {
                attributes[i] = value;
            }
        }
        reply.Bytes(new ReadOnlySpan<byte>(attributes, FunctionAttributes * sizeof(int)));
        Handles.Add(HandleKind.Function, hfunc, native);
        return CuResult.Success;
    }

    /// <summary>Answer: the name, without NUL.</summary>
    private partial CuResult OnFunctionName(nint module, uint index, ref ReplyWriter reply)
    {
        const uint Most = 1 << 20;
        uint count;
        CuResult result = Driver.ModuleGetFunctionCount(&count, module);
        if (result != CuResult.Success || index >= Math.Min(count, Most))
        {
            return result != CuResult.Success ? result : CuResult.InvalidValue;
        }
        nint[] functions = new nint[index + 1];
        fixed (nint* first = functions)
        {
            result = Driver.ModuleEnumerateFunctions(first, index + 1, module);
        }
        byte* name = null;
        if (result == CuResult.Success)
        {
            result = Driver.FuncGetName(&name, functions[index]);
        }
        if (result == CuResult.Success)
        {
            reply.Bytes(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(name));
        }
        return result;
    }

    private partial CuResult OnLaunch(
        nint function,
        uint gridX,
        uint gridY,
        uint gridZ,
        uint blockX,
        uint blockY,
        uint blockZ,
        uint sharedBytes,
        nint stream,
        uint flags,
        uint argumentBytes,
        void* arguments,
        uint length_arguments,
        ref ReplyWriter reply
    )
    {
        const uint Cooperative = 1;
        nuint size = argumentBytes;
        void** packed = stackalloc void*[5];
        packed[0] = (void*)1;
        packed[1] = arguments;
        packed[2] = (void*)2;
        packed[3] = &size;
        packed[4] = null;
        Statistics.CountLaunch();
        if ((flags & Cooperative) == 0)
        {
            return Driver.LaunchKernel(
                function,
                gridX,
                gridY,
                gridZ,
                blockX,
                blockY,
                blockZ,
                sharedBytes,
                stream,
                null,
                packed
            );
        }
        var attribute = new CUlaunchAttribute { id = CUlaunchAttributeID.Cooperative };
        attribute.value[0] = 1;
        var config = new CUlaunchConfig
        {
            gridDimX = gridX,
            gridDimY = gridY,
            gridDimZ = gridZ,
            blockDimX = blockX,
            blockDimY = blockY,
            blockDimZ = blockZ,
            sharedMemBytes = sharedBytes,
            hStream = stream,
            attrs = &attribute,
            numAttrs = 1,
        };
        return Driver.LaunchKernelEx(&config, function, null, packed);
    }
}
