using Weir.Api;
using Weir.Shim.Guest;
using Weir.Wire;

namespace Weir.Shim;

/// <summary>Sends what is larger than a record (images of modules, texts of programs) in parts, ahead of the call that uses it.</summary>
internal static unsafe class Blobs
{
    private static ulong s_blobs;

    /// <summary>Post all parts; <paramref name="blob"/> names them in the call that follows.</summary>
    internal static CuResult Send(ClientThread* thread, byte* data, ulong bytes, out ulong blob)
    {
        blob = Interlocked.Increment(ref s_blobs);
        return Append(thread, blob, data, bytes);
    }

    /// <summary>Post more parts of a blob that was begun.</summary>
    internal static CuResult Append(ClientThread* thread, ulong blob, byte* data, ulong bytes)
    {
        for (ulong at = 0; at < bytes; )
        {
            var chunk = Staging.Claim(thread);
            if (chunk < 0)
            {
                return CuResult.DeviceUnavailable;
            }
            var part = bytes - at < SegmentLayout.ChunkBytes ? bytes - at : SegmentLayout.ChunkBytes;
            _ = GuestLibc.Copy(Staging.Data(chunk), data + at, (nuint)part);
            var posted = WireCalls.BlobPart(thread, blob, (ulong)chunk, part);
            if (posted != CuResult.Success)
            {
                return posted;
            }
            at += part;
        }
        return CuResult.Success;
    }
}
