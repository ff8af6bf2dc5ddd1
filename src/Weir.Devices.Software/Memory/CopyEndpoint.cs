using Weir.Api;

namespace Weir.Devices.Software.Memory;

/// <summary>One end of a copy as the API describes it.</summary>
/// <param name="Type">Which of the others count.</param>
/// <param name="Host">Host address.</param>
/// <param name="Device">Device or unified address.</param>
/// <param name="Array">Array handle.</param>
/// <param name="XBytes">Offset in the row, bytes.</param>
/// <param name="Y">First row.</param>
/// <param name="Z">First slice.</param>
/// <param name="PitchBytes">Bytes per row, 0 when there is one row.</param>
/// <param name="Height">Rows per slice, 0 when there is one slice.</param>
internal readonly record struct CopyEndpoint(
    CUmemorytype Type,
    ulong Host,
    ulong Device,
    nint Array,
    nuint XBytes,
    nuint Y,
    nuint Z,
    nuint PitchBytes,
    nuint Height
);
