using Weir.Api;
using Weir.Devices.Software.Tests.Support;

namespace Weir.Devices.Software.Tests.Memory;

public sealed unsafe class MemoryCallsTests : IDisposable
{
    private readonly TestDevice device = new();

    [Fact]
    public void Memory_over_the_limit_is_refused_and_the_rest_goes_on()
    {
        ulong address;
        Assert.Equal(CuResult.OutOfMemory, device.Driver.MemAlloc(&address, 65 << 20));
        ulong most = device.Allocate(48 << 20);
        Assert.Equal(CuResult.OutOfMemory, device.Driver.MemAlloc(&address, 48 << 20));
        TestDevice.Check(device.Driver.MemFree(most));
        device.Allocate(64 << 20);
        nuint free;
        nuint total;
        TestDevice.Check(device.Driver.MemGetInfo(&free, &total));
        Assert.Equal((0u, 64u << 20), ((uint)free, (uint)total));
        Assert.Contains("out of memory", device.Log);
    }

    [Fact]
    public void Bad_frees_and_bad_ranges_are_refused()
    {
        ulong address = device.Allocate(1000);
        byte host;
        Assert.Equal(CuResult.InvalidValue, device.Driver.MemFree(address + 1));
        Assert.Equal(CuResult.InvalidValue, device.Driver.MemcpyDtoH(&host, address + 1000, 1));
        Assert.Equal(CuResult.InvalidValue, device.Driver.MemcpyDtoH(&host, 0, 1));
        Assert.Equal(CuResult.InvalidValue, device.Driver.MemcpyDtoH(null, address, 1));
        Assert.Equal(CuResult.InvalidValue, device.Driver.MemcpyHtoD((ulong)&host, &host, 1));
        Assert.Equal(CuResult.InvalidValue, device.Driver.MemsetD8(address + 1, 0, 1000));
        Assert.Equal(CuResult.InvalidValue, device.Driver.MemsetD32(address + 1, 0, 1));
        Assert.Equal(CuResult.InvalidValue, device.Driver.MemsetD2D8(address, 10, 0, 20, 2));
        TestDevice.Check(device.Driver.MemFree(address));
        Assert.Equal(CuResult.InvalidValue, device.Driver.MemFree(address));
        TestDevice.Check(device.Driver.MemFree(0));
    }

    [Fact]
    public void Address_ranges_and_attributes_describe_allocations()
    {
        ulong address = device.Allocate(1000);
        ulong start;
        nuint size;
        TestDevice.Check(device.Driver.MemGetAddressRange(&start, &size, address + 999));
        Assert.Equal((address, 1000u), (start, (uint)size));
        Assert.Equal(CuResult.NotFound, device.Driver.MemGetAddressRange(&start, &size, address + 1000));
        nint context;
        TestDevice.Check(device.Driver.PointerGetAttribute(&context, CUpointer_attribute.Context, address));
        Assert.Equal(device.Context, context);
        uint type;
        TestDevice.Check(device.Driver.PointerGetAttribute(&type, CUpointer_attribute.MemoryType, address + 5));
        Assert.Equal(2u, type);
        int host;
        Assert.Equal(
            CuResult.InvalidValue,
            device.Driver.PointerGetAttribute(&type, CUpointer_attribute.MemoryType, (ulong)&host)
        );
    }

    [Fact]
    public void Page_locked_memory_is_the_same_on_both_sides()
    {
        void* host;
        TestDevice.Check(device.Driver.MemHostAlloc(&host, 4096, 2));
        ulong seen;
        TestDevice.Check(device.Driver.MemHostGetDevicePointer(&seen, host, 0));
        Assert.Equal((ulong)host, seen);
        ((int*)host)[5] = 42;
        ulong address = device.Allocate(4096);
        TestDevice.Check(device.Driver.MemcpyDtoD(address, seen, 4096));
        Assert.Equal(42, device.Read<int>(address, 6)[5]);
        TestDevice.Check(device.Driver.MemFreeHost(host));
        Assert.Equal(CuResult.InvalidValue, device.Driver.MemFreeHost(host));
    }

    [Theory]
    [InlineData(3)]
    [InlineData(100_000)]
    [InlineData(12_345_678)]
    public void Copies_and_fills_of_any_size_are_exact(int bytes)
    {
        byte[] source = new byte[bytes];
        new Random(7).NextBytes(source);
        ulong one = device.Allocate((nuint)bytes);
        ulong two = device.Allocate((nuint)bytes);
        device.Write<byte>(one, source);
        TestDevice.Check(device.Driver.MemcpyDtoDAsync(two, one, (nuint)bytes, 0));
        Assert.Equal(source, device.Read<byte>(two, bytes));
        TestDevice.Check(device.Driver.MemsetD8Async(two + 1, 9, (nuint)bytes - 1, 0));
        byte[] filled = device.Read<byte>(two, bytes);
        Assert.Equal(source[0], filled[0]);
        Assert.True(filled.AsSpan(1).IndexOfAnyExcept((byte)9) < 0);
    }

    [Fact]
    public void Boxes_are_copied_between_pitched_memory_and_arrays()
    {
        const int Width = 40;
        const int Rows = 30;
        ulong pitched;
        nuint pitch;
        TestDevice.Check(device.Driver.MemAllocPitch(&pitched, &pitch, Width, Rows, 4));
        Assert.True(pitch >= Width && pitch % 512 == 0);
        byte[] source = new byte[Width * Rows];
        new Random(8).NextBytes(source);
        byte[] target = new byte[Width * Rows];
        CUDA_ARRAY_DESCRIPTOR shape = new()
        {
            Width = Width / 4,
            Height = Rows,
            Format = CUarray_format.UnsignedInt8,
            NumChannels = 4,
        };
        nint array;
        TestDevice.Check(device.Driver.ArrayCreate(&array, &shape));
        fixed (byte* from = source)
        fixed (byte* to = target)
        {
            CUDA_MEMCPY2D copy = new()
            {
                srcMemoryType = CUmemorytype.Host,
                srcHost = from,
                srcPitch = Width,
                dstMemoryType = CUmemorytype.Device,
                dstDevice = pitched,
                dstPitch = pitch,
                WidthInBytes = Width,
                Height = Rows,
            };
            TestDevice.Check(device.Driver.Memcpy2D(&copy));
            copy.srcMemoryType = CUmemorytype.Device;
            copy.srcDevice = pitched;
            copy.srcPitch = pitch;
            copy.dstMemoryType = CUmemorytype.Array;
            copy.dstArray = array;
            TestDevice.Check(device.Driver.Memcpy2DAsync(&copy, 0));
            copy.srcMemoryType = CUmemorytype.Array;
            copy.srcArray = array;
            copy.srcXInBytes = 4;
            copy.srcY = 1;
            copy.dstMemoryType = CUmemorytype.Host;
            copy.dstHost = to;
            copy.dstPitch = Width;
            copy.WidthInBytes = Width - 4;
            copy.Height = Rows - 1;
            TestDevice.Check(device.Driver.Memcpy2D(&copy));
            copy.WidthInBytes = Width;
            Assert.Equal(CuResult.InvalidValue, device.Driver.Memcpy2D(&copy));
            copy.srcArray = 12345;
            Assert.Equal(CuResult.InvalidHandle, device.Driver.Memcpy2D(&copy));
        }
        for (int row = 0; row < Rows - 1; row++)
        {
            Assert.Equal(
                source.AsSpan((row + 1) * Width + 4, Width - 4).ToArray(),
                target.AsSpan(row * Width, Width - 4).ToArray()
            );
        }
        TestDevice.Check(device.Driver.ArrayDestroy(array));
        Assert.Equal(CuResult.InvalidHandle, device.Driver.ArrayDestroy(array));
    }

    [Fact]
    public void Volumes_are_copied()
    {
        const int Width = 16;
        const int Rows = 5;
        const int Slices = 4;
        ulong address = device.Allocate(Width * Rows * Slices);
        byte[] source = new byte[Width * Rows * Slices];
        new Random(9).NextBytes(source);
        byte[] target = new byte[source.Length];
        device.Write<byte>(address, source);
        fixed (byte* to = target)
        {
            CUDA_MEMCPY3D copy = new()
            {
                srcMemoryType = CUmemorytype.Device,
                srcDevice = address,
                srcPitch = Width,
                srcHeight = Rows,
                srcZ = 1,
                srcY = 2,
                dstMemoryType = CUmemorytype.Host,
                dstHost = to,
                dstPitch = Width,
                dstHeight = 3,
                WidthInBytes = Width,
                Height = 3,
                Depth = 3,
            };
            TestDevice.Check(device.Driver.Memcpy3D(&copy));
        }
        for (int slice = 0; slice < 3; slice++)
        {
            Assert.Equal(
                source.AsSpan(((slice + 1) * Rows + 2) * Width, 3 * Width).ToArray(),
                target.AsSpan(slice * 3 * Width, 3 * Width).ToArray()
            );
        }
    }

    public void Dispose() => device.Dispose();
}
