using Weir.Api;
using Weir.Shim.Guest;
using Weir.Wire;

namespace Weir.Shim;

/// <summary>Calls that are answered in the client: start-up, versions, error texts, the address table.</summary>
internal static unsafe partial class LocalCalls
{
    /// <summary>
    /// CUDA 13.0: at least what any runtime library in use asks for (one older than it runs on a newer driver, never the
    /// reverse), and the table of names is complete up to it.
    /// </summary>
    internal const int DriverVersion = 13000;

    internal static CuResult Init(uint Flags) => Flags != 0 ? CuResult.InvalidValue : Session.Open();

    internal static CuResult DriverGetVersion(int* driverVersion)
    {
        if (driverVersion == null)
        {
            return CuResult.InvalidValue;
        }
        *driverVersion = DriverVersion;
        return CuResult.Success;
    }

    internal static CuResult GetErrorName(CuResult error, byte** pStr) => Text(CuErrors.Name(error), pStr);

    internal static CuResult GetErrorString(CuResult error, byte** pStr) => Text(CuErrors.Text(error), pStr);

    internal static CuResult GetProcAddress(byte* symbol, void** pfn, int cudaVersion, ulong flags) =>
        FindProc(symbol, pfn, cudaVersion, flags, isV2: false, null);

    internal static CuResult GetProcAddressV2(
        byte* symbol,
        void** pfn,
        int cudaVersion,
        ulong flags,
        CUdriverProcAddressQueryResult* symbolStatus
    ) => FindProc(symbol, pfn, cudaVersion, flags, isV2: true, symbolStatus);

    private static CuResult FindProc(
        byte* symbol,
        void** pfn,
        int cudaVersion,
        ulong flags,
        bool isV2,
        CUdriverProcAddressQueryResult* symbolStatus
    )
    {
        if (symbol == null || pfn == null)
        {
            return CuResult.InvalidValue;
        }
        var name = new ReadOnlySpan<byte>(symbol, (int)GuestLibc.Length(symbol));
        var result = ProcTable.Query(name, cudaVersion, flags, DriverVersion, isV2, out var index, out var status);
        if (result == CuResult.InvalidValue)
        {
            return result;
        }
        *pfn = index < 0 ? null : (void*)Exports.Address(index);
        if (symbolStatus != null)
        {
            *symbolStatus = status;
        }
        if (index < 0 && status == CUdriverProcAddressQueryResult.SymbolNotFound && !Session.IsForkedChild)
        {
            Missing.Add(symbol);
        }
        return result;
    }

    /// <summary>No private table is known; which was asked for is counted.</summary>
    internal static CuResult GetExportTable(void** ppExportTable, CUuuid* pExportTableId)
    {
        if (ppExportTable == null || pExportTableId == null)
        {
            return CuResult.InvalidValue;
        }
        *ppExportTable = null;
        if (Session.Check() == CuResult.Success)
        {
            Session.Control->UnknownExportTables++;
        }
        return CuResult.InvalidValue;
    }

    /// <summary>Eager: a module's text is parsed when it is loaded; kernels are compiled when first launched.</summary>
    internal static CuResult ModuleGetLoadingMode(CUmoduleLoadingMode* mode)
    {
        if (mode == null)
        {
            return CuResult.InvalidValue;
        }
        *mode = CUmoduleLoadingMode.Lazy;
        return Session.Check();
    }

    internal static CuResult FuncIsLoaded(int* state, nint function)
    {
        const int Loaded = 1;
        var result = FuncLoad(function);
        if (result == CuResult.Success && state == null)
        {
            return CuResult.InvalidValue;
        }
        if (result == CuResult.Success)
        {
            *state = Loaded;
        }
        return result;
    }

    internal static CuResult FuncLoad(nint function) =>
        Session.Check() != CuResult.Success ? CuResult.NotInitialized
        : Handles.IsLive(HandleKind.Function, function) ? CuResult.Success
        : CuResult.InvalidHandle;

    internal static CuResult ProfilerStart() => Session.Check();

    internal static CuResult ProfilerStop() => Session.Check();

    internal static CuResult ProfilerInitialize(byte* configFile, byte* outputFile, int outputMode) => Session.Check();

    /// <summary>An export that is only there to be found.</summary>
    internal static CuResult Refuse(int exportIndex)
    {
        CountRefused(exportIndex);
        return Session.Check() == CuResult.Success ? CuResult.NotSupported : CuResult.NotInitialized;
    }

    internal static void CountRefused(int exportIndex)
    {
        if (Session.Check() == CuResult.Success && (uint)exportIndex < SegmentLayout.RefusedCount)
        {
            SegmentLayout.Refused(Session.Segment)[exportIndex]++;
        }
    }

    private static CuResult Text(ReadOnlySpan<byte> text, byte** pStr)
    {
        if (pStr == null)
        {
            return CuResult.InvalidValue;
        }
        if (text.IsEmpty)
        {
            *pStr = null;
            return CuResult.InvalidValue;
        }
        fixed (byte* data = text)
        {
            // Data of the binary: it does not move and stays as long as the library, which is never unloaded.
            *pStr = data;
        }
        return CuResult.Success;
    }
}
