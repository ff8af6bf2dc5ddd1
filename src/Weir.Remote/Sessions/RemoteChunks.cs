using Weir.Wire;

namespace Weir.Remote.Sessions;

/// <summary>
/// Chunks by number, at both ends of a session: those of the client's staging (0 to 127, the program's copies of pageable memory), and above
/// them the relay's own, larger ones, through which page-locked memory travels. Who sends into or out of a chunk owns it until the worker has
/// answered for it.
/// </summary>
internal static class RemoteChunks
{
    /// <summary>The first of the relay's own.</summary>
    internal const uint FirstHost = SegmentLayout.ChunkCount;

    /// <summary>How many the relay has.</summary>
    internal const uint HostCount = 64;

    internal const uint Count = FirstHost + HostCount;

    /// <summary>Size of one of them.</summary>
    internal const uint HostBytes = 1 << 20;

    /// <summary>Bytes of all chunks together at the worker.</summary>
    internal const long TotalBytes = SegmentLayout.StagingBytes + (long)HostCount * HostBytes;

    /// <summary>Where a range that begins with a chunk lies in the worker's memory; false when it does not fit.</summary>
    internal static bool TryRange(ulong chunk, ulong bytes, out long offset)
    {
        offset = 0;
        if (chunk < FirstHost)
        {
            offset = (long)chunk * SegmentLayout.ChunkBytes;
            return bytes <= (ulong)(SegmentLayout.StagingBytes - offset);
        }
        offset = SegmentLayout.StagingBytes + (long)(chunk - FirstHost) * HostBytes;
        return chunk < Count && bytes <= HostBytes;
    }
}
