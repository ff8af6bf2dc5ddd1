using System.Security.Cryptography;

namespace Weir.Devices.Software.Memory.Residency;

/// <summary>What a piece contained when it was last looked at, and since when.</summary>
/// <param name="Hash">SHA-256 of the content.</param>
/// <param name="ChangedIn">The epoch in which it was first seen; 0 = never.</param>
internal readonly record struct ContentMark(byte[] Hash, uint ChangedIn)
{
    /// <summary>The mark of a content, given the one before.</summary>
    public static ContentMark Of(ReadOnlySpan<byte> content, ContentMark before, uint epoch)
    {
        byte[] hash = SHA256.HashData(content);
        return before.ChangedIn != 0 && hash.AsSpan().SequenceEqual(before.Hash)
            ? before
            : new ContentMark(hash, epoch);
    }
}
