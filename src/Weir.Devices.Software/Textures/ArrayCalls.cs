using Weir.Api;
using Weir.Devices.Software.Contexts;

namespace Weir.Devices.Software.Textures;

/// <summary>Calls on arrays.</summary>
internal sealed unsafe class ArrayCalls(SoftwareDevice device, CurrentContexts contexts)
{
    private const uint SurfaceFlag = 2;
    private const nuint MostWidth = 131072;
    private const nuint MostHeight = 65536;
    private const nuint MostDepth = 16384;
    private const nuint RowAlignment = 256;

    public CuResult Create(nint* result, CUDA_ARRAY_DESCRIPTOR* descriptor)
    {
        if (descriptor is null)
        {
            return Create(result, (CUDA_ARRAY3D_DESCRIPTOR*)null);
        }
        CUDA_ARRAY3D_DESCRIPTOR full = new()
        {
            Width = descriptor->Width,
            Height = descriptor->Height,
            Format = descriptor->Format,
            NumChannels = descriptor->NumChannels,
        };
        return Create(result, &full);
    }

    public CuResult Create(nint* result, CUDA_ARRAY3D_DESCRIPTOR* descriptor)
    {
        CuResult check = contexts.Get(out DeviceContext context);
        if (check != CuResult.Success || result is null || descriptor is null)
        {
            return check != CuResult.Success ? check : CuResult.InvalidValue;
        }
        CUDA_ARRAY3D_DESCRIPTOR wanted = *descriptor;
        int texelBytes = TexelFormat.TexelBytes(wanted.Format, wanted.NumChannels);
        if (
            texelBytes == 0
            || wanted.Width is 0 or > MostWidth
            || wanted.Height > MostHeight
            || wanted.Depth > MostDepth
            || (wanted.Depth > 0 && wanted.Height == 0)
        )
        {
            return CuResult.InvalidValue;
        }
        if ((wanted.Flags & ~SurfaceFlag) != 0)
        {
            device.Log($"arrays with flags 0x{wanted.Flags:x} (layers, cube maps, sparse, gather) are not supported");
            return CuResult.NotSupported;
        }
        nuint pitch = (wanted.Width * (nuint)texelBytes + RowAlignment - 1) / RowAlignment * RowAlignment;
        ulong bytes = (ulong)pitch * Math.Max(1, wanted.Height) * Math.Max(1, wanted.Depth);
        if (device.Memory.Allocate(bytes, context, freedByAddress: false) is not { } allocation)
        {
            return CuResult.OutOfMemory;
        }
        DeviceArray array = new(context, allocation, wanted, pitch);
        array.Handle = device.Arrays.Add(array);
        *result = array.Handle;
        return CuResult.Success;
    }

    public CuResult Destroy(nint handle)
    {
        if (device.Arrays.Remove(handle) is not { } array)
        {
            return contexts.IsInitialized ? CuResult.InvalidHandle : CuResult.NotInitialized;
        }
        device.Scheduler.Synchronize(array.Context);
        device.Memory.Free(array.Allocation);
        return CuResult.Success;
    }

    public CuResult GetDescriptor(CUDA_ARRAY_DESCRIPTOR* descriptor, nint handle)
    {
        CUDA_ARRAY3D_DESCRIPTOR full = default;
        CuResult result = GetDescriptor(descriptor is null ? null : &full, handle);
        if (result == CuResult.Success)
        {
            *descriptor = new CUDA_ARRAY_DESCRIPTOR
            {
                Width = full.Width,
                Height = full.Height,
                Format = full.Format,
                NumChannels = full.NumChannels,
            };
        }
        return result;
    }

    public CuResult GetDescriptor(CUDA_ARRAY3D_DESCRIPTOR* descriptor, nint handle)
    {
        CuResult check = contexts.Get(out _);
        if (check != CuResult.Success || descriptor is null)
        {
            return check != CuResult.Success ? check : CuResult.InvalidValue;
        }
        if (device.Arrays.Find(handle) is not { } array)
        {
            return CuResult.InvalidHandle;
        }
        *descriptor = array.Descriptor;
        return CuResult.Success;
    }
}
