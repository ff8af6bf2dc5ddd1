using Weir.Devices.Cuda;

namespace Weir.Api.Tests;

/// <summary>The real driver's back end, against small libraries that gcc makes here.</summary>
public sealed unsafe class CudaDriverTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("weir-driver-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Calls_reach_the_function_of_their_name_with_their_arguments()
    {
        CudaDriver driver = CudaDriver.TryOpen(Make("good"), out string reason)!;
        Assert.Equal("", reason);
        ulong address;
        Assert.Equal(CuResult.Success, driver.MemAlloc(&address, 256));
        Assert.Equal(0x700000000100ul, address);
        Assert.Equal(CuResult.InvalidValue, driver.MemAlloc(&address, 0));
        Assert.Equal(1 + 4 + 9 + 20 + 35, (int)driver.MemsetD2D8(1, 2, 3, 4, 5));
    }

    [Fact]
    public void A_call_that_the_driver_does_not_have_is_not_supported()
    {
        CudaDriver driver = CudaDriver.TryOpen(Make("old"), out _)!;
        Assert.False(driver.Has("cuStreamSynchronize"));
        Assert.Equal(CuResult.NotSupported, driver.StreamSynchronize(0));
    }

    [Theory]
    [InlineData("broken", "-DRESULT=100", "-DDEVICES=1", "cuInit answers 100 (NoDevice)")]
    [InlineData("empty", "-DRESULT=0", "-DDEVICES=0", "0 devices")]
    public void A_driver_without_devices_is_none(string name, string result, string devices, string expected)
    {
        Assert.Null(CudaDriver.TryOpen(Make(name, result, devices), out string reason));
        Assert.Contains(expected, reason);
    }

    [Fact]
    public void A_file_that_is_no_library_is_none()
    {
        string path = Path.Combine(_folder, "text.so");
        File.WriteAllText(path, "no library");
        Assert.Null(CudaDriver.TryOpen(path, out string reason));
        Assert.Contains(path, reason);
    }

    [Fact]
    public void The_search_passes_over_Weir_s_own_library()
    {
        string own = Path.Combine(_folder, "own");
        string real = Path.Combine(_folder, "real");
        Directory.CreateDirectory(own);
        Directory.CreateDirectory(real);
        File.Move(Make("marked", "-DRESULT=0", "-DDEVICES=1", "-DMARKED"), Path.Combine(own, DriverSearch.FileName));
        File.Move(Make("plain"), Path.Combine(real, DriverSearch.FileName));
        Assert.Equal(Path.Combine(real, DriverSearch.FileName), DriverSearch.Find([_folder, own, real]));
        Assert.Null(DriverSearch.Find([own, _folder]));
    }

    [Fact]
    public void The_marker_is_found_where_two_reads_meet()
    {
        string path = Path.Combine(_folder, "straddling");
        foreach (int offset in (int[])[0, (1 << 20) - 8, 1 << 20, (2 << 20) - 3])
        {
            byte[] bytes = new byte[(2 << 20) + 100];
            DriverSearch.Marker.CopyTo(bytes.AsSpan(offset));
            File.WriteAllBytes(path, bytes);
            Assert.True(DriverSearch.IsShim(path));
        }
        File.WriteAllBytes(path, new byte[(2 << 20) + 100]);
        Assert.False(DriverSearch.IsShim(path));
    }

    private string Make(string name, params string[] options)
    {
        string path = Path.Combine(_folder, $"lib{name}.so");
        string[] defines = options.Length > 0 ? options : ["-DRESULT=0", "-DDEVICES=1"];
        Compiler.Compile(Compiler.Source("driver.c"), path, [.. defines, "-shared", "-fPIC"]);
        return path;
    }
}
