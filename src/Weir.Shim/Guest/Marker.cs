using System.Runtime;

namespace Weir.Shim.Guest;

/// <summary>Lets others tell this library from a real driver by its symbols.</summary>
internal static class Marker
{
    /// <summary>Layout version of the wire that this library speaks.</summary>
    [RuntimeExport("weir_shim_marker")]
    internal static int Version() => (int)Wire.SegmentLayout.Version;
}
