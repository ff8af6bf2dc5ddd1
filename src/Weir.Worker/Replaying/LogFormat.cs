using System.Runtime.InteropServices;

namespace Weir.Worker.Replaying;

/// <summary>First page of a <see cref="CallLog"/>; the entries follow.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct LogHeader
{
    /// <summary>"WEIRLOG" and 1.</summary>
    public const ulong ExpectedMagic = 0x0147_4f4c_5249_4557;

    /// <summary>Where entries begin.</summary>
    public const int Bytes = 8192;

    /// <summary>Size of an image's identity.</summary>
    public const int IdentityBytes = 72;

    /// <summary>Most bytes of a reason.</summary>
    public const int ReasonBytes = 256;

    /// <summary>Most bytes of a folder's path.</summary>
    public const int FolderBytes = 4104;

    public ulong Magic;

    /// <summary>Bytes of entries.</summary>
    public long Tail;

    /// <inheritdoc cref="CallLog.Base"/>
    public fixed byte Base[IdentityBytes];

    /// <inheritdoc cref="CallLog.Next"/>
    public fixed byte Next[IdentityBytes];

    /// <inheritdoc cref="CallLog.Reason"/>
    public fixed byte Reason[ReasonBytes];

    /// <inheritdoc cref="CallLog.Folder"/>
    public fixed byte Folder[FolderBytes];
}

/// <summary>What an entry is.</summary>
internal enum LogEntryKind : ushort
{
    /// <summary>A record of the client: <see cref="LogRecord"/>, its fields, its data.</summary>
    Record = 1,

    /// <summary>What came of one: <see cref="LogAnswer"/> and its places.</summary>
    Answer = 2,
}

/// <summary>A record that was taken; fields follow, then, from the next multiple of 8 on, data of a staging chunk.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct LogRecord
{
    /// <summary>All of the entry, a multiple of 8.</summary>
    public uint SizeBytes;
    public LogEntryKind Kind;
    public ushort Op;

    /// <summary>1: the client waits for an answer.</summary>
    public uint IsCall;

    /// <summary>Number of the ring.</summary>
    public int Slot;

    /// <summary>The client's handle of the current context.</summary>
    public ulong Context;

    /// <summary>Bytes that were read from the ring when this record had been.</summary>
    public ulong Position;

    /// <summary>Of a call the number of the reply that it gets, otherwise of the last reply before it.</summary>
    public uint Reply;

    /// <summary>State word of the staging chunk that the record names, when it was taken.</summary>
    public uint ChunkWord;
    public int FieldBytes;
    public int DataBytes;
}

/// <summary>What came of a record; places follow.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct LogAnswer
{
    /// <summary>All of the entry, a multiple of 8.</summary>
    public uint SizeBytes;
    public LogEntryKind Kind;
    public ushort Unused;

    /// <summary>Where the record is, from the first entry on.</summary>
    public long Record;

    /// <summary>CUresult.</summary>
    public int Result;

    /// <summary>Number of places.</summary>
    public int Count;
}
