namespace Weir.Devices.Software.Modules;

/// <summary>Picks the text to run from a fat binary.</summary>
internal static class FatbinChoice
{
    /// <summary>
    /// The PTX of the highest target that the device covers, else of the lowest there is; null when there is none.
    /// </summary>
    /// <exception cref="InvalidDataException">The container is malformed.</exception>
    public static byte[]? Choose(ReadOnlySpan<byte> fatbin, SoftwareDeviceOptions options)
    {
        return null;
    }
}
