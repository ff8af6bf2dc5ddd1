using System.Text;

namespace Weir.Api.Tests;

/// <summary><c>cuGetProcAddress</c>, as a 13.0 driver answers it.</summary>
public class ProcTableTests
{
    private const int Driver = 13000;

    [Theory]
    // Newest form that the asked version knows.
    [InlineData("cuMemAlloc", 2000, 0, "cuMemAlloc")]
    [InlineData("cuMemAlloc", 3010, 0, "cuMemAlloc")]
    [InlineData("cuMemAlloc", 3020, 0, "cuMemAlloc_v2")]
    [InlineData("cuMemAlloc", 13000, 1, "cuMemAlloc_v2")]
    [InlineData("cuCtxCreate", 3020, 0, "cuCtxCreate_v2")]
    [InlineData("cuCtxCreate", 11040, 0, "cuCtxCreate_v3")]
    [InlineData("cuCtxCreate", 12050, 0, "cuCtxCreate_v4")]
    [InlineData("cuCtxGetDevice", 12090, 0, "cuCtxGetDevice")]
    [InlineData("cuCtxGetDevice", 13000, 0, "cuCtxGetDevice_v2")]
    [InlineData("cuCtxSynchronize", 12090, 0, "cuCtxSynchronize")]
    [InlineData("cuCtxSynchronize", 13000, 0, "cuCtxSynchronize_v2")]
    [InlineData("cuGetProcAddress", 11030, 0, "cuGetProcAddress")]
    [InlineData("cuGetProcAddress", 12000, 0, "cuGetProcAddress_v2")]
    [InlineData("cuEventElapsedTime", 12080, 0, "cuEventElapsedTime_v2")]
    [InlineData("cuDevicePrimaryCtxRelease", 11000, 0, "cuDevicePrimaryCtxRelease_v2")]
    [InlineData("cuStreamGetCaptureInfo", 12000, 0, "cuStreamGetCaptureInfo_v2")]
    // Per-thread default stream.
    [InlineData("cuMemcpyHtoD", 12000, 2, "cuMemcpyHtoD_v2_ptds")]
    [InlineData("cuMemcpyHtoD", 12000, 1, "cuMemcpyHtoD_v2")]
    [InlineData("cuMemcpyHtoDAsync", 7000, 2, "cuMemcpyHtoDAsync_v2_ptsz")]
    [InlineData("cuLaunchKernel", 12000, 2, "cuLaunchKernel_ptsz")]
    [InlineData("cuLaunchKernelEx", 12000, 2, "cuLaunchKernelEx_ptsz")]
    [InlineData("cuMemPrefetchAsync", 8000, 2, "cuMemPrefetchAsync_ptsz")]
    [InlineData("cuMemPrefetchAsync", 12020, 2, "cuMemPrefetchAsync_v2_ptsz")]
    [InlineData("cuMemsetD8", 7000, 2, "cuMemsetD8_v2_ptds")]
    // Names without such a variant answer alike.
    [InlineData("cuMemAlloc", 12000, 2, "cuMemAlloc_v2")]
    [InlineData("cuStreamCreate", 2000, 2, "cuStreamCreate")]
    public void The_newest_form_that_the_version_knows_is_found(string name, int version, ulong flags, string expected)
    {
        int index = ProcTable.Find(
            Encoding.UTF8.GetBytes(name),
            version,
            flags,
            out CUdriverProcAddressQueryResult status
        );
        Assert.Equal(expected, ExportTable.Name(index));
        Assert.Equal(CUdriverProcAddressQueryResult.Success, status);
    }

    [Theory]
    [InlineData("cuMemAlloc", 1000, 0, CUdriverProcAddressQueryResult.VersionNotSufficient)]
    [InlineData("cuLaunchKernel", 6050, 2, CUdriverProcAddressQueryResult.VersionNotSufficient)]
    [InlineData("cuLaunchKernelEx", 11050, 0, CUdriverProcAddressQueryResult.VersionNotSufficient)]
    [InlineData("cuMemAlloc_v2", 12000, 0, CUdriverProcAddressQueryResult.SymbolNotFound)]
    [InlineData("cuNoSuchThing", 12000, 0, CUdriverProcAddressQueryResult.SymbolNotFound)]
    [InlineData("", 12000, 0, CUdriverProcAddressQueryResult.SymbolNotFound)]
    [InlineData("nvmlInit", 12000, 0, CUdriverProcAddressQueryResult.SymbolNotFound)]
    public void What_is_not_there_says_why(
        string name,
        int version,
        ulong flags,
        CUdriverProcAddressQueryResult expected
    )
    {
        byte[] bytes = Encoding.UTF8.GetBytes(name);
        Assert.Equal(
            CuResult.NotFound,
            ProcTable.Query(
                bytes,
                version,
                flags,
                Driver,
                isV2: false,
                out int old,
                out CUdriverProcAddressQueryResult why
            )
        );
        Assert.Equal((-1, expected), (old, why));
        Assert.Equal(
            CuResult.Success,
            ProcTable.Query(bytes, version, flags, Driver, isV2: true, out int index, out why)
        );
        Assert.Equal((-1, expected), (index, why));
    }

    [Theory]
    [InlineData(13010, 0)]
    [InlineData(12000, 3)]
    public void A_version_above_the_driver_s_and_unknown_flags_are_invalid(int version, ulong flags) =>
        Assert.Equal(
            CuResult.InvalidValue,
            ProcTable.Query("cuInit"u8, version, flags, Driver, isV2: true, out _, out _)
        );

    [Fact]
    public void Every_name_is_found_and_names_are_those_of_the_driver()
    {
        int variants = 0;
        int own = 0;
        for (int i = 0; i < ProcTable.Count; i++)
        {
            ReadOnlySpan<byte> name = ProcTable.NameUtf8(i);
            own += name.StartsWith("cuWeir"u8) ? 1 : 0;
            int legacy = ProcTable.Find(name, Driver, 0, out _);
            int perThread = ProcTable.Find(name, Driver, 2, out _);
            Assert.True(legacy >= 0 && perThread >= 0);
            variants += legacy == perThread ? 0 : 1;
        }
        // As counted in the table of a 13.0 driver; and memory with a name, which is Weir's own.
        Assert.Equal((477, 86, 1), (ProcTable.Count - own, variants, own));
    }
}
