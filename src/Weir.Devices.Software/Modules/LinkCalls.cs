using Weir.Api;
using Weir.Devices.Software.Contexts;
using Weir.Kernels;
using Weir.Kernels.Ptx;

namespace Weir.Devices.Software.Modules;

/// <summary>Calls that link PTX texts into one module.</summary>
internal sealed unsafe class LinkCalls(SoftwareDevice device, CurrentContexts contexts)
{
    public CuResult Create(nint* result)
    {
        CuResult check = contexts.Get(out _);
        if (check != CuResult.Success || result is null)
        {
            return check != CuResult.Success ? check : CuResult.InvalidValue;
        }
        ModuleLink link = new();
        link.Handle = device.Links.Add(link);
        *result = link.Handle;
        return CuResult.Success;
    }

    public CuResult Add(nint handle, CUjitInputType type, void* data, nuint size)
    {
        CuResult check = Find(handle, out ModuleLink link);
        if (check != CuResult.Success || data is null || size is 0 or > int.MaxValue)
        {
            return check != CuResult.Success ? check : CuResult.InvalidValue;
        }
        if (type != CUjitInputType.Ptx)
        {
            device.Log($"linking input of kind {type} is not supported: only PTX is");
            return type is CUjitInputType.Cubin or CUjitInputType.Object
                ? CuResult.NoBinaryForGpu
                : CuResult.NotSupported;
        }
        lock (link)
        {
            link.Add(new ReadOnlySpan<byte>(data, (int)size));
        }
        return CuResult.Success;
    }

    public CuResult AddFile(nint handle, CUjitInputType type, byte* path)
    {
        CuResult check = Find(handle, out _);
        if (check != CuResult.Success || path is null)
        {
            return check != CuResult.Success ? check : CuResult.InvalidValue;
        }
        CuResult read = ImageFile.TryRead(path, out byte[] bytes);
        if (read != CuResult.Success)
        {
            return read;
        }
        fixed (byte* data = bytes)
        {
            return Add(handle, type, data, (nuint)bytes.Length);
        }
    }

    public CuResult Complete(nint handle, void** image, nuint* size)
    {
        CuResult check = Find(handle, out ModuleLink link);
        if (check != CuResult.Success || image is null)
        {
            return check != CuResult.Success ? check : CuResult.InvalidValue;
        }
        lock (link)
        {
            byte* text = link.Complete(out nuint bytes);
            if (text is null)
            {
                return CuResult.InvalidValue;
            }
            try
            {
                PtxModule.Parse(new ReadOnlySpan<byte>(text, (int)bytes - 1).ToArray());
            }
            catch (PtxException error)
            {
                device.Log($"link refused: {error.Message}");
                return error.Unsupported ? CuResult.UnsupportedPtxVersion : CuResult.InvalidPtx;
            }
            *image = text;
            if (size is not null)
            {
                *size = bytes;
            }
        }
        return CuResult.Success;
    }

    public CuResult Destroy(nint handle)
    {
        if (device.Links.Remove(handle) is not { } link)
        {
            return contexts.IsInitialized ? CuResult.InvalidHandle : CuResult.NotInitialized;
        }
        link.Dispose();
        return CuResult.Success;
    }

    private CuResult Find(nint handle, out ModuleLink link)
    {
        CuResult check = contexts.Get(out _);
        link = device.Links.Find(handle)!;
        return check != CuResult.Success ? check
            : link is null ? CuResult.InvalidHandle
            : CuResult.Success;
    }
}
