namespace Weir.Devices.Software.Execution;

/// <summary>A box of bytes in pitched memory: rows of <see cref="WidthBytes"/> in slices.</summary>
/// <param name="WidthBytes">Bytes per row.</param>
/// <param name="Rows">Rows per slice.</param>
/// <param name="Slices">Slices.</param>
internal readonly record struct CopyShape(nuint WidthBytes, nuint Rows = 1, nuint Slices = 1)
{
    /// <summary>All bytes.</summary>
    public ulong TotalBytes => (ulong)WidthBytes * Rows * Slices;
}

/// <summary>One side of a copy.</summary>
/// <param name="Start">First byte.</param>
/// <param name="PitchBytes">From one row to the next.</param>
/// <param name="SliceBytes">From one slice to the next.</param>
internal readonly record struct CopySide(ulong Start, nuint PitchBytes = 0, nuint SliceBytes = 0);

/// <summary>Which way bytes go; for the statistics.</summary>
internal enum CopyDirection
{
    /// <summary>From the host to the device.</summary>
    ToDevice,

    /// <summary>From the device to the host.</summary>
    ToHost,

    /// <summary>Within the device.</summary>
    OnDevice,

    /// <summary>Within the host.</summary>
    OnHost,
}
