using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using Weir.Api;
using Weir.Devices.Software.Contexts;
using Weir.Devices.Software.Memory;
using Weir.Kernels;
using Weir.Kernels.Fatbin;

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
        return Find(module, Text(name), result);
    }

    public CuResult CountFunctions(uint* count, nint handle)
    {
        CuResult check = Find(handle, out DeviceModule module);
        if (check != CuResult.Success || count is null)
        {
            return check != CuResult.Success ? check : CuResult.InvalidValue;
        }
        *count = (uint)module.Ptx.Entries.Count;
        return CuResult.Success;
    }

    public CuResult EnumerateFunctions(nint* functions, uint most, nint handle)
    {
        CuResult check = Find(handle, out DeviceModule module);
        if (check != CuResult.Success || functions is null || most == 0)
        {
            return check != CuResult.Success ? check : CuResult.InvalidValue;
        }
        int count = (int)Math.Min(most, (uint)module.Ptx.Entries.Count);
        for (int i = 0; i < count && check == CuResult.Success; i++)
        {
            check = Find(module, module.Ptx.Entries[i].Name, functions + i);
        }
        return check;
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

    private CuResult Find(DeviceModule module, string name, nint* result)
    {
        try
        {
            if (module.Find(name) is not { } kernel)
            {
                return CuResult.NotFound;
            }
            *result = kernel.Handle;
            return CuResult.Success;
        }
        catch (PtxException error)
        {
            device.Log($"kernel '{name}' refused: {error.Message}");
            return error.Unsupported ? CuResult.NotSupported : CuResult.InvalidPtx;
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            // A mistake of the front end must cost this kernel, not the session.
            device.Log($"kernel '{name}' refused: reading it failed ({error})");
            return CuResult.InvalidPtx;
        }
    }

    private static string Text(byte* name) =>
        Encoding.UTF8.GetString(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(name));

    private CuResult Load(DeviceContext context, void* image, out DeviceModule? module, out string reason)
    {
        module = null;
        reason = "";
        if (image is null)
        {
            reason = "the image is a null pointer";
            return CuResult.InvalidValue;
        }
        try
        {
            if (Copy((byte*)image) is not { } bytes)
            {
                reason = "the image is neither PTX nor a fat binary nor machine code";
                return CuResult.InvalidImage;
            }
            (int major, int minor) = device.Options.ComputeCapability;
            if (ModuleImage.Read(bytes, major * 10 + minor) is not { } ptx)
            {
                reason =
                    $"the image holds no PTX for compute capability {major}.{minor} or below, only code of other devices";
                return CuResult.NoBinaryForGpu;
            }
            module = DeviceModule.Load(device, context, ptx);
            reason = module is null ? "device memory is exhausted" : "";
            return module is null ? CuResult.OutOfMemory : CuResult.Success;
        }
        catch (PtxException error)
        {
            reason = error.Message;
            return error.Unsupported ? CuResult.UnsupportedPtxVersion : CuResult.InvalidPtx;
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            reason = $"reading it failed ({error})";
            return CuResult.InvalidPtx;
        }
    }

    // The parts of an image, one behind the other; null when it is none.
    private static byte[]? Copy(byte* image)
    {
        if (!ImageExtent.TryPart(image, 0, out byte* start, out ulong length))
        {
            return null;
        }
        if (!ImageExtent.TryPart(image, 1, out _, out _))
        {
            return new ReadOnlySpan<byte>(start, (int)length).ToArray();
        }
        using MemoryStream whole = new();
        for (int index = 0; ImageExtent.TryPart(image, index, out start, out length); index++)
        {
            whole.Write(new ReadOnlySpan<byte>(start, (int)length));
        }
        return whole.ToArray();
    }

    private CuResult Find(nint handle, out DeviceModule module)
    {
        module = device.Modules.Find(handle)!;
        return module is not null ? (CuResult)module.Context.Fault
            : contexts.IsInitialized ? CuResult.InvalidHandle
            : CuResult.NotInitialized;
    }
}
