using Weir.Api;
using Weir.Devices.Software.Tests.Support;

namespace Weir.Devices.Software.Tests.Textures;

public sealed unsafe class TextureTests : IDisposable
{
    private readonly TestDevice device = new();

    [Fact]
    public void Texture_objects_are_made_used_and_ended()
    {
        CUDA_RESOURCE_DESC resource = Pitched(device.Allocate(1 << 20), 640, 480, 1024);
        CUDA_TEXTURE_DESC texture = new() { filterMode = CUfilter_mode.Linear, flags = 2 };
        texture.addressMode[0] = 1;
        ulong handle;
        TestDevice.Check(device.Driver.TexObjectCreate(&handle, &resource, &texture, null));
        CUDA_TEXTURE_DESC read;
        TestDevice.Check(device.Driver.TexObjectGetTextureDesc(&read, handle));
        Assert.Equal((CUfilter_mode.Linear, 2u, 1), (read.filterMode, read.flags, read.addressMode[0]));
        TestDevice.Check(device.Driver.TexObjectDestroy(handle));
        Assert.Equal(CuResult.InvalidValue, device.Driver.TexObjectDestroy(handle));
        Assert.Equal(CuResult.InvalidValue, device.Driver.TexObjectGetTextureDesc(&read, handle));
    }

    [Fact]
    public void Resources_that_are_none_are_refused()
    {
        ulong memory = device.Allocate(1 << 20);
        CUDA_TEXTURE_DESC texture = default;
        Assert.Equal(CuResult.InvalidValue, Create(Pitched(memory, 640, 1025, 1024), texture));
        Assert.Equal(CuResult.InvalidValue, Create(Pitched(memory, 640, 480, 639), texture));
        Assert.Equal(CuResult.InvalidValue, Create(Pitched(memory, 640, 480, 650), texture));
        Assert.Equal(CuResult.InvalidValue, Create(Pitched(memory + 1, 640, 480, 1024), texture));
        Assert.Equal(CuResult.InvalidValue, Create(Pitched(0, 640, 480, 1024), texture));
        CUDA_RESOURCE_DESC wrong = Pitched(memory, 640, 480, 1024);
        wrong.numChannels = 3;
        Assert.Equal(CuResult.InvalidValue, Create(wrong, texture));
        wrong = Pitched(memory, 640, 480, 1024);
        wrong.format = (CUarray_format)77;
        Assert.Equal(CuResult.InvalidValue, Create(wrong, texture));
        wrong = new CUDA_RESOURCE_DESC { resType = CUresourcetype.Array, hArray = 99 };
        Assert.Equal(CuResult.InvalidHandle, Create(wrong, texture));
        texture.addressMode[1] = 9;
        Assert.Equal(CuResult.InvalidValue, Create(Pitched(memory, 640, 480, 1024), texture));
    }

    [Fact]
    public void Arrays_remember_their_shape()
    {
        CUDA_ARRAY3D_DESCRIPTOR shape = new()
        {
            Width = 10,
            Height = 20,
            Depth = 3,
            Format = CUarray_format.Float,
            NumChannels = 4,
        };
        nint array;
        TestDevice.Check(device.Driver.Array3DCreate(&array, &shape));
        CUDA_ARRAY3D_DESCRIPTOR read;
        TestDevice.Check(device.Driver.Array3DGetDescriptor(&read, array));
        Assert.Equal(shape, read);
        CUDA_RESOURCE_DESC resource = new() { resType = CUresourcetype.Array, hArray = array };
        TestDevice.Check(Create(resource, default));
        shape.NumChannels = 3;
        Assert.Equal(CuResult.InvalidValue, device.Driver.Array3DCreate(&array, &shape));
        shape.NumChannels = 4;
        shape.Width = 100_000;
        shape.Height = 60_000;
        Assert.Equal(CuResult.OutOfMemory, device.Driver.Array3DCreate(&array, &shape));
    }

    [Fact]
    public void Entries_are_used_again()
    {
        CUDA_RESOURCE_DESC resource = Pitched(device.Allocate(1 << 20), 640, 480, 1024);
        CUDA_TEXTURE_DESC texture = default;
        HashSet<ulong> handles = [];
        for (int round = 0; round < 1000; round++)
        {
            ulong handle;
            TestDevice.Check(device.Driver.TexObjectCreate(&handle, &resource, &texture, null));
            TestDevice.Check(device.Driver.TexObjectDestroy(handle));
            handles.Add(handle);
        }
        Assert.True(handles.Count < 10);
    }

    public void Dispose() => device.Dispose();

    private static CUDA_RESOURCE_DESC Pitched(ulong memory, nuint width, nuint height, nuint pitch) =>
        new()
        {
            resType = CUresourcetype.Pitch2D,
            devPtr = memory,
            format = CUarray_format.UnsignedInt8,
            numChannels = 1,
            width = width,
            height = height,
            pitchInBytes = pitch,
        };

    private CuResult Create(CUDA_RESOURCE_DESC resource, CUDA_TEXTURE_DESC texture)
    {
        ulong handle;
        return device.Driver.TexObjectCreate(&handle, &resource, &texture, null);
    }
}
