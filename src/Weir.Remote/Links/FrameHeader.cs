using System.Runtime.InteropServices;

namespace Weir.Remote.Links;

/// <summary>
/// Head of a frame on a <see cref="Link"/>: then <see cref="HeadBytes"/> of small fields, then <see cref="DataBytes"/> of bulk that the receiver
/// reads straight to where it belongs. All little-endian.
/// </summary>
[StructLayout(LayoutKind.Sequential, Size = Bytes)]
internal struct FrameHeader
{
    internal const int Bytes = 32;

    /// <summary>Largest head: a batch of records and one more of the largest size.</summary>
    internal const int MaxHeadBytes = 192 << 10;

    /// <summary>Largest bulk part.</summary>
    internal const int MaxDataBytes = 1 << 20;

    /// <summary>Size of the fields that follow.</summary>
    internal uint HeadBytes;

    /// <summary>Size of the bulk that follows them.</summary>
    internal uint DataBytes;

    /// <summary>What it is; 0 = acknowledgement only.</summary>
    internal ushort Kind;
    internal ushort Zero;
    internal uint Zero2;

    /// <summary>Counts from 1 on each direction of a link, over all its connections; 0 for an acknowledgement.</summary>
    internal ulong Number;

    /// <summary>Number of the last frame that the sender of this one has received.</summary>
    internal ulong Acknowledged;

    /// <summary>The sizes and the number are possible.</summary>
    internal readonly bool IsWellFormed =>
        HeadBytes <= MaxHeadBytes
        && DataBytes <= MaxDataBytes
        && Zero == 0
        && Zero2 == 0
        && (Kind == 0) == (Number == 0)
        && (Kind != 0 || (HeadBytes == 0 && DataBytes == 0));
}
