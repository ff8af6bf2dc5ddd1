using Weir.Api;
using Weir.Devices.Software.Contexts;
using Weir.Kernels.Abi;

namespace Weir.Devices.Software.Textures;

/// <summary>Calls on texture objects.</summary>
internal sealed unsafe class TextureCalls(SoftwareDevice device, CurrentContexts contexts)
{
    private const uint ReadAsInteger = 1;
    private const uint NormalizedCoordinates = 2;
    private const uint Srgb = 0x10;
    private const uint NoTrilinear = 0x20;
    private const ulong MostLinearTexels = 268435456;
    private const ulong MostLinearWidth = 131072;
    private const ulong MostLinearHeight = 65000;

    // Generated code computes offsets into a texture in 32 bits.
    private const ulong MostTextureBytes = int.MaxValue;

    public CuResult Create(
        ulong* result,
        CUDA_RESOURCE_DESC* resource,
        CUDA_TEXTURE_DESC* texture,
        CUDA_RESOURCE_VIEW_DESC* view
    )
    {
        CuResult check = contexts.Get(out DeviceContext context);
        if (check != CuResult.Success || result is null || resource is null || texture is null || resource->flags != 0)
        {
            return check != CuResult.Success ? check : CuResult.InvalidValue;
        }
        if (view is not null && view->format != CUresourceViewFormat.None)
        {
            device.Log("texture objects with a resource view are not supported");
            return CuResult.NotSupported;
        }
        TextureDescriptor descriptor = default;
        CuResult described = Describe(*resource, ref descriptor);
        if (described == CuResult.Success && ExtentBytes(descriptor) > MostTextureBytes)
        {
            device.Log("textures larger than 2 GiB are not supported");
            return CuResult.NotSupported;
        }
        if (described == CuResult.Success)
        {
            described = Sample(*texture, resource->resType, ref descriptor);
        }
        if (described != CuResult.Success)
        {
            return described;
        }
        ulong handle = device.Textures.Add(descriptor, context, device.Scheduler.Outstanding == 0);
        if (handle == 0)
        {
            // Full of destroyed ones that launches may still read: wait for these.
            device.Scheduler.Synchronize(context);
            handle = device.Textures.Add(descriptor, context, device.Scheduler.Outstanding == 0);
        }
        *result = handle;
        return handle == 0 ? CuResult.OutOfMemory : CuResult.Success;
    }

    public CuResult Destroy(ulong handle)
    {
        CuResult check = contexts.Get(out _);
        return check != CuResult.Success ? check
            : device.Textures.Remove(handle) ? CuResult.Success
            : CuResult.InvalidValue;
    }

    public CuResult GetTextureDescriptor(CUDA_TEXTURE_DESC* texture, ulong handle)
    {
        CuResult check = contexts.Get(out _);
        if (
            check != CuResult.Success
            || texture is null
            || !device.Textures.TryRead(handle, out TextureDescriptor found)
        )
        {
            return check != CuResult.Success ? check : CuResult.InvalidValue;
        }
        CUDA_TEXTURE_DESC written = new() { filterMode = (CUfilter_mode)found.Filter, flags = found.Flags };
        written.addressMode[0] = (int)found.AddressX;
        written.addressMode[1] = (int)found.AddressY;
        written.addressMode[2] = (int)found.AddressZ;
        *texture = written;
        return CuResult.Success;
    }

    private static ulong ExtentBytes(in TextureDescriptor texture)
    {
        int texelBytes = TexelFormat.TexelBytes((CUarray_format)texture.Format, texture.Channels);
        ulong rowBytes = Math.Max(texture.PitchBytes, (ulong)texture.Width * (ulong)texelBytes);
        return rowBytes * Math.Max(1, texture.Height) * Math.Max(1, texture.Depth);
    }

    private CuResult Describe(in CUDA_RESOURCE_DESC resource, ref TextureDescriptor descriptor)
    {
        switch (resource.resType)
        {
            case CUresourcetype.Array:
                if (device.Arrays.Find(resource.hArray) is not { } array)
                {
                    return CuResult.InvalidHandle;
                }
                descriptor.Base = array.Address;
                descriptor.Width = (uint)array.Descriptor.Width;
                descriptor.Height = (uint)Math.Max(1, array.Descriptor.Height);
                descriptor.Depth = (uint)array.Descriptor.Depth;
                descriptor.PitchBytes = (uint)array.PitchBytes;
                descriptor.Format = (uint)array.Descriptor.Format;
                descriptor.Channels = array.Descriptor.NumChannels;
                return CuResult.Success;
            case CUresourcetype.Linear:
                return DescribeLinear(resource, ref descriptor);
            case CUresourcetype.Pitch2D:
                return DescribePitched(resource, ref descriptor);
            case CUresourcetype.MipmappedArray:
                return CuResult.NotSupported;
            default:
                return CuResult.InvalidValue;
        }
    }

    private CuResult DescribeLinear(in CUDA_RESOURCE_DESC resource, ref TextureDescriptor descriptor)
    {
        int texelBytes = TexelFormat.TexelBytes(resource.format, resource.numChannels);
        if (
            texelBytes == 0
            || resource.sizeInBytes < (nuint)texelBytes
            || resource.sizeInBytes / (nuint)texelBytes > MostLinearTexels
            || resource.devPtr % (ulong)texelBytes != 0
            || !IsOurs(resource.devPtr, resource.sizeInBytes)
        )
        {
            return CuResult.InvalidValue;
        }
        descriptor.Base = resource.devPtr;
        descriptor.Width = (uint)(resource.sizeInBytes / (nuint)texelBytes);
        descriptor.Format = (uint)resource.format;
        descriptor.Channels = resource.numChannels;
        return CuResult.Success;
    }

    private CuResult DescribePitched(in CUDA_RESOURCE_DESC resource, ref TextureDescriptor descriptor)
    {
        int texelBytes = TexelFormat.TexelBytes(resource.format, resource.numChannels);
        if (
            texelBytes == 0
            || resource.width is 0 or > (nuint)MostLinearWidth
            || resource.height is 0 or > (nuint)MostLinearHeight
            || resource.pitchInBytes < resource.width * (nuint)texelBytes
            || resource.pitchInBytes > 2097120
            || resource.pitchInBytes % DeviceAttributes.TexturePitchAlignment != 0
            || resource.devPtr % DeviceAttributes.TexturePitchAlignment != 0
            || !IsOurs(
                resource.devPtr,
                (resource.height - 1) * resource.pitchInBytes + resource.width * (nuint)texelBytes
            )
        )
        {
            return CuResult.InvalidValue;
        }
        descriptor.Base = resource.devPtr;
        descriptor.Width = (uint)resource.width;
        descriptor.Height = (uint)resource.height;
        descriptor.PitchBytes = (uint)resource.pitchInBytes;
        descriptor.Format = (uint)resource.format;
        descriptor.Channels = resource.numChannels;
        return CuResult.Success;
    }

    private CuResult Sample(in CUDA_TEXTURE_DESC texture, CUresourcetype type, ref TextureDescriptor descriptor)
    {
        CUDA_TEXTURE_DESC wanted = texture;
        for (int axis = 0; axis < 3; axis++)
        {
            if ((uint)wanted.addressMode[axis] > (uint)CUaddress_mode.Border)
            {
                return CuResult.InvalidValue;
            }
        }
        CUarray_format format = (CUarray_format)descriptor.Format;
        bool isLinear = wanted.filterMode == CUfilter_mode.Linear;
        bool readsIntegers =
            (wanted.flags & ReadAsInteger) != 0 || !(TexelFormat.IsFloat(format) || TexelFormat.CanNormalize(format));
        if (
            (uint)wanted.filterMode > (uint)CUfilter_mode.Linear
            || (wanted.flags & ~(ReadAsInteger | NormalizedCoordinates | Srgb | NoTrilinear)) != 0
            || (isLinear && type == CUresourcetype.Linear)
        )
        {
            return CuResult.InvalidValue;
        }
        for (int channel = 0; channel < 4; channel++)
        {
            if (wanted.borderColor[channel] != 0)
            {
                device.Log("texture objects with a border colour other than zero are not supported");
                return CuResult.NotSupported;
            }
        }
        descriptor.AddressX = (uint)wanted.addressMode[0];
        descriptor.AddressY = (uint)wanted.addressMode[1];
        descriptor.AddressZ = (uint)wanted.addressMode[2];
        // Integers are never blended: such an object is accepted, as programs ask for it, and reads single texels.
        descriptor.Filter = (uint)(
            readsIntegers && !TexelFormat.IsFloat(format) ? CUfilter_mode.Point : wanted.filterMode
        );
        descriptor.Flags = wanted.flags;
        return CuResult.Success;
    }

    private bool IsOurs(ulong address, ulong bytes) =>
        address != 0
        && (
            device.Memory.Covers(address)
                ? device.HoldsDeviceMemory(address, bytes)
                : device.HostMemory?.Find(address)?.Contains(address, bytes) == true
        );
}
