namespace Weir.Api;

/// <summary>
/// What <c>cuGetProcAddress</c> answers: base name, CUDA version and flags → export. Pure and without allocation, so that
/// the shim can use it where nothing may enter the runtime.
/// </summary>
public static partial class ProcTable
{
    /// <summary>Flag: variants with the per-thread default stream.</summary>
    public const ulong PerThreadDefaultStream = 2;

    private const int RowWords = 4;
    private const ushort None = 0xFFFF;

    /// <summary>
    /// Finds the newest export that a CUDA version knows under a base name. Flags 0 and 1 mean the legacy default stream,
    /// 2 the variant with the per-thread default stream where the version has one.
    /// </summary>
    /// <param name="baseName">Name without version and stream suffix, without NUL.</param>
    /// <param name="cudaVersion">1000·major + 10·minor.</param>
    /// <param name="flags">0, 1 or 2.</param>
    /// <param name="status">As <c>cuGetProcAddress_v2</c> reports it.</param>
    /// <returns>Index in <see cref="ExportTable"/>, or -1.</returns>
    public static int Find(
        ReadOnlySpan<byte> baseName,
        int cudaVersion,
        ulong flags,
        out CUdriverProcAddressQueryResult status
    )
    {
        int low = 0;
        int high = Count - 1;
        while (low <= high)
        {
            int middle = (low + high) >> 1;
            int order = StaticNames.At(NameText, NameOffsets, middle).SequenceCompareTo(baseName);
            if (order == 0)
            {
                return Select(middle, cudaVersion, flags, out status);
            }
            if (order < 0)
            {
                low = middle + 1;
            }
            else
            {
                high = middle - 1;
            }
        }
        status = CUdriverProcAddressQueryResult.SymbolNotFound;
        return -1;
    }

    /// <summary>
    /// The whole answer of <c>cuGetProcAddress</c> but for the address. A version above the driver's and unknown flags are
    /// invalid; what is not found is an error of the old call, and success with a status and no address of the new one.
    /// </summary>
    /// <param name="baseName">Name without version and stream suffix, without NUL.</param>
    /// <param name="cudaVersion">1000·major + 10·minor.</param>
    /// <param name="flags">0, 1 or 2.</param>
    /// <param name="driverVersion">The version that this driver reports.</param>
    /// <param name="isV2">The call is <c>cuGetProcAddress_v2</c>.</param>
    /// <param name="exportIndex">Index in <see cref="ExportTable"/>, or -1: the address is null.</param>
    /// <param name="status">As <c>cuGetProcAddress_v2</c> reports it.</param>
    public static CuResult Query(
        ReadOnlySpan<byte> baseName,
        int cudaVersion,
        ulong flags,
        int driverVersion,
        bool isV2,
        out int exportIndex,
        out CUdriverProcAddressQueryResult status
    )
    {
        exportIndex = -1;
        status = CUdriverProcAddressQueryResult.SymbolNotFound;
        if (cudaVersion > driverVersion || flags > PerThreadDefaultStream)
        {
            return CuResult.InvalidValue;
        }
        exportIndex = Find(baseName, cudaVersion, flags, out status);
        return exportIndex >= 0 || isV2 ? CuResult.Success : CuResult.NotFound;
    }

    /// <summary>The base name at an index below <see cref="Count"/>, without NUL.</summary>
    public static ReadOnlySpan<byte> NameUtf8(int index) => StaticNames.At(NameText, NameOffsets, index);

    private static int Select(int index, int cudaVersion, ulong flags, out CUdriverProcAddressQueryResult status)
    {
        int begin = Starts[index] * RowWords;
        int end = Starts[index + 1] * RowWords;
        bool perThread = false;
        if (flags == PerThreadDefaultStream)
        {
            for (int row = begin; row < end; row += RowWords)
            {
                perThread |= Rows[row + 2] != None;
            }
        }
        // A name that has variants is not answered with the legacy function when the version is too old for the variant.
        int export = perThread ? 2 : 1;
        int since = perThread ? 3 : 0;
        for (int row = begin; row < end; row += RowWords)
        {
            if (Rows[row + export] != None && Rows[row + since] <= cudaVersion)
            {
                status = CUdriverProcAddressQueryResult.Success;
                return Rows[row + export];
            }
        }
        status = CUdriverProcAddressQueryResult.VersionNotSufficient;
        return -1;
    }
}
