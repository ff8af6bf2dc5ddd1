using Weir.Devices.Software.Native;

namespace Weir.Devices.Software.Tests.Support;

/// <summary>What the system says is there of a range of this process' memory.</summary>
internal static class Resident
{
    /// <summary>Bytes of pages that are there.</summary>
    public static ulong Bytes(ulong address, ulong bytes)
    {
        using PageMap pages = new();
        return pages.PresentBytes(address, bytes);
    }
}
