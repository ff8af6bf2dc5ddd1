using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using Weir.Api;
using Weir.Devices.Software.Contexts;
using Weir.Devices.Software.Memory;
using Weir.Kernels;
using Weir.Kernels.Ptx;

namespace Weir.Devices.Software.Modules;

/// <summary>Calls that load modules and look into them.</summary>
internal sealed unsafe class ModuleCalls(SoftwareDevice device, CurrentContexts contexts)
{
    public CuResult LoadFile(nint* result, byte* path)
    {
        CuResult check = contexts.Get(out _);
        if (check != CuResult.Success || path is null)
        {
            return check != CuResult.Success ? check : CuResult.InvalidValue;
        }
        CuResult read = ImageFile.TryRead(path, out byte[] bytes);
        if (read != CuResult.Success)
        {
            return read;
        }
        fixed (byte* image = bytes)
        {
            return Load(result, image, default);
        }
    }

    public CuResult Load(nint* result, void* image, JitLog log)
    {
        CuResult check = contexts.Get(out DeviceContext context);
        if (check != CuResult.Success || result is null)
        {
            return check != CuResult.Success ? check : CuResult.InvalidValue;
        }
        long start = Stopwatch.GetTimestamp();
        CuResult loaded = Load(context, image, out DeviceModule? module, out string reason);
        log.Write(reason, Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        if (module is null)
        {
            device.Log($"module refused: {reason}");
            return loaded;
        }
        module.Handle = device.Modules.Add(module);
        *result = module.Handle;
        return CuResult.Success;
    }

    public CuResult Unload(nint handle)
    {
        CuResult check = contexts.Get(out _);
        if (check != CuResult.Success)
        {
            return check;
        }
        if (device.Modules.Remove(handle) is not { } module)
        {
            return CuResult.InvalidHandle;
        }
        device.Scheduler.Synchronize(module.Context);
        module.Dispose();
        return CuResult.Success;
    }

    public CuResult GetFunction(nint* result, nint handle, byte* name)
    {
        CuResult check = Find(handle, out DeviceModule module);
        if (check != CuResult.Success || result is null || name is null)
        {
            return check != CuResult.Success ? check : CuResult.InvalidValue;
        }
        string text = Text(name);
        try
        {
            if (module.Find(text) is not { } kernel)
            {
                return CuResult.NotFound;
            }
            *result = kernel.Handle;
            return CuResult.Success;
        }
        catch (PtxException error)
        {
            device.Log($"kernel '{text}' refused: {error.Message}");
            return error.Unsupported ? CuResult.NotSupported : CuResult.InvalidPtx;
        }
    }

    public CuResult GetGlobal(ulong* address, nuint* bytes, nint handle, byte* name)
    {
        CuResult check = Find(handle, out DeviceModule module);
        if (check != CuResult.Success || name is null || (address is null && bytes is null))
        {
            return check != CuResult.Success ? check : CuResult.InvalidValue;
        }
        string text = Text(name);
        if (!module.Variables.TryGetValue(text, out DeviceAllocation? variable))
        {
            return CuResult.NotFound;
        }
        if (address is not null)
        {
            *address = variable.Address;
        }
        if (bytes is not null)
        {
            *bytes = (nuint)variable.SizeBytes;
        }
        return CuResult.Success;
    }

    private static string Text(byte* name) =>
        Encoding.UTF8.GetString(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(name));

    private CuResult Load(DeviceContext context, void* image, out DeviceModule? module, out string reason)
    {
        module = null;
        reason = "";
        CuResult found = ModuleImage.Find(image, out ReadOnlySpan<byte> bytes, out ModuleImageKind kind);
        if (found != CuResult.Success)
        {
            reason = found == CuResult.NoBinaryForGpu
                ? "the image holds machine code of another device only; PTX is needed"
                : "the image is none";
            return found;
        }
        try
        {
            byte[]? text = kind == ModuleImageKind.Ptx ? bytes.ToArray() : FatbinChoice.Choose(bytes, device.Options);
            if (text is null)
            {
                reason = "the fat binary holds no PTX, only machine code of another device";
                return CuResult.NoBinaryForGpu;
            }
            module = DeviceModule.Load(device, context, PtxModule.Parse(text));
            reason = module is null ? "device memory is exhausted" : "";
            return module is null ? CuResult.OutOfMemory : CuResult.Success;
        }
        catch (PtxException error)
        {
            reason = error.Message;
            return error.Unsupported ? CuResult.UnsupportedPtxVersion : CuResult.InvalidPtx;
        }
        catch (InvalidDataException error)
        {
            reason = error.Message;
            return CuResult.InvalidImage;
        }
    }

    private CuResult Find(nint handle, out DeviceModule module)
    {
        module = device.Modules.Find(handle)!;
        return module is not null ? (CuResult)module.Context.Fault
            : contexts.IsInitialized ? CuResult.InvalidHandle
            : CuResult.NotInitialized;
    }
}
