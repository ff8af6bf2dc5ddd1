using System.Runtime.InteropServices;

namespace Weir.Wire;

/// <summary>
/// Head of a record in a ring, 8-aligned, contiguous, followed by the payload: fields in declaration order, each 8-aligned;
/// variable parts as u32 length and bytes, together padded to 8. The first word (size, op, flags) is written last and is 0 until
/// then. A pad record (op 0) fills the end of the ring and has only this word.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal struct RecordHeader
{
    internal const int Bytes = 24;

    /// <summary>Whole record, header included, multiple of 8.</summary>
    internal uint SizeBytes;

    /// <summary>Call id of the API description; 0 = pad.</summary>
    internal ushort Op;

    /// <summary><see cref="CallFlag"/> or 0.</summary>
    internal ushort Flags;

    /// <summary>From one counter of the client process; orders records of different rings.</summary>
    internal ulong Ticket;

    /// <summary>Handle of the thread's current context, 0 = none.</summary>
    internal ulong Context;

    /// <summary>The client waits for a reply.</summary>
    internal const ushort CallFlag = 1;

    /// <summary>The word that publishes a record.</summary>
    internal static ulong FirstWord(uint sizeBytes, ushort op, ushort flags) =>
        sizeBytes | ((ulong)op << 32) | ((ulong)flags << 48);

    internal readonly bool IsCall => (Flags & CallFlag) != 0;
}
