using System.Text;
using Weir.Api;
using Weir.Wire;
using Weir.Worker.Attach;
using Weir.Worker.Rings;
using Libc = Weir.Posix.Libc;

namespace Weir.Worker.Replaying;

/// <summary>
/// What a session's client has asked for since the session's last image, in the order in which it was taken: kept in a memory file that outlives
/// the worker, so that the worker after it can do again what was lost (<see cref="LogReplay"/>). What counts as written is what lies before
/// the tail, which is moved last: a worker may be killed at any moment. Appending is safe from several threads.
/// </summary>
internal sealed unsafe class CallLog : IDisposable
{
    /// <summary>Size of the file, bytes; it takes memory only as far as it is written.</summary>
    public const long Bytes = 256L << 20;

    // Answers of calls under way find room when there is none for a record any more.
    private const long ReservedBytes = 1 << 20;
    private const long KeptBytes = 16 << 20;
    private const int PunchHole = 3; // FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE

    private readonly Lock _gate = new();
    private readonly LogHeader* _header;
    private Action? _whenFilling;
    private bool _hasAsked;
    private volatile bool _isOff;

    private CallLog(int file, byte* place)
    {
        File = file;
        _header = (LogHeader*)place;
        _isOff = *_header->Reason != 0;
    }

    /// <summary>Descriptor of the file.</summary>
    public int File { get; }

    /// <summary>Why what it holds cannot be done again; null when it can.</summary>
    public string? Reason
    {
        get => Text(_header->Reason, LogHeader.ReasonBytes) is { Length: > 0 } reason ? reason : null;
        private set
        {
            Put(_header->Reason, LogHeader.ReasonBytes, value ?? "");
            _isOff = value is not null;
        }
    }

    /// <summary>A record waits for room, which an image makes.</summary>
    public bool IsFull { get; private set; }

    /// <summary>The image that the log follows (<see cref="Images.ImageReader.Identity"/>); empty before the first.</summary>
    public string Base => Text(_header->Base, LogHeader.IdentityBytes);

    /// <summary>An image that was about to take the base's place: it holds all that the log does.</summary>
    public string Next => Text(_header->Next, LogHeader.IdentityBytes);

    /// <summary>Folder of the image that was written last, or was about to be.</summary>
    public string Folder => Text(_header->Folder, LogHeader.FolderBytes);

    /// <summary>What is logged so far.</summary>
    public ReadOnlySpan<byte> Entries => new((byte*)_header + LogHeader.Bytes, (int)Volatile.Read(ref _header->Tail));

    /// <summary>Makes an empty one; null when there is no memory for it.</summary>
    public static CallLog? Create()
    {
        int file = Mapping.CreateShared("weir-calls", Bytes);
        byte* place = Mapping.Map(file, Bytes);
        if (place == null)
        {
            return null;
        }
        ((LogHeader*)place)->Magic = LogHeader.ExpectedMagic;
        return new CallLog(file, place);
    }

    /// <summary>The one that another worker has left.</summary>
    /// <exception cref="IOException">The file is none.</exception>
    public static CallLog Open(int file)
    {
        byte* place = Mapping.Map(file, Bytes);
        return
            place != null
            && ((LogHeader*)place)->Magic == LogHeader.ExpectedMagic
            && ((LogHeader*)place)->Tail is >= 0 and <= Bytes - LogHeader.Bytes
            ? new CallLog(file, place)
            : throw new IOException("the log of the session's calls is none");
    }

    /// <summary>Told once, on any thread, when an image should be written soon because the log fills up.</summary>
    public void WhenFilling(Action action) => _whenFilling = action;

    /// <summary>
    /// Notes a record that is about to be carried out, with the data that it will read from a staging chunk. False when there is no room until an
    /// image is written: the record must wait.
    /// </summary>
    /// <param name="ring">Where it came from; it has not been consumed yet.</param>
    /// <param name="header">Its head.</param>
    /// <param name="payload">Its fields.</param>
    /// <param name="segment">Where staging chunks are.</param>
    /// <param name="place">Where it is noted, for <see cref="Answer"/>; −1 when it was not.</param>
    public bool TryAppend(RingState ring, in RecordHeader header, byte* payload, byte* segment, out long place)
    {
        place = -1;
        if (_isOff)
        {
            return true;
        }
        int fields = (int)header.SizeBytes - RecordHeader.Bytes;
        ReadOnlySpan<byte> data = LoggedChunk.DataOf((Op)header.Op, (ulong*)payload, fields, segment, out uint word);
        long size = Align(sizeof(LogRecord) + fields) + Align(data.Length);
        lock (_gate)
        {
            long tail = _header->Tail;
            long left = Bytes - LogHeader.Bytes - ReservedBytes - tail;
            if (!_hasAsked && left - size < (Bytes >> 2))
            {
                _hasAsked = true;
                _whenFilling?.Invoke();
            }
            IsFull = size > left;
            if (IsFull)
            {
                return false;
            }
            if (LoggedChunk.Prevents((Op)header.Op, (ulong*)payload, fields, word) is { } reason)
            {
                Reason = reason;
                return true;
            }
            byte* at = (byte*)_header + LogHeader.Bytes + tail;
            *(LogRecord*)at = new LogRecord
            {
                SizeBytes = (uint)size,
                Kind = LogEntryKind.Record,
                Op = header.Op,
                IsCall = header.IsCall ? 1u : 0,
                Slot = ring.Slot,
                Context = header.Context,
                Position = ring.Reader.Position + header.SizeBytes,
                Reply = ring.ReplySequence + (header.IsCall ? 1u : 0),
                ChunkWord = word,
                FieldBytes = fields,
                DataBytes = data.Length,
            };
            Buffer.MemoryCopy(payload, at + sizeof(LogRecord), fields, fields);
            data.CopyTo(new Span<byte>(at + Align(sizeof(LogRecord) + fields), data.Length));
            place = tail;
            Volatile.Write(ref _header->Tail, tail + size);
            return true;
        }
    }

    /// <summary>Notes what came of a record, before the client is told: what cannot be had again, or shows whether it came out the same.</summary>
    /// <param name="place">Where the record is noted.</param>
    /// <param name="result">What the device said.</param>
    /// <param name="places">Where it put what was made; of a text that was taken its length.</param>
    public void Answer(long place, CuResult result, ReadOnlySpan<ulong> places)
    {
        long size = sizeof(LogAnswer) + places.Length * sizeof(ulong);
        lock (_gate)
        {
            long tail = _header->Tail;
            if (size > Bytes - LogHeader.Bytes - tail)
            {
                Reason = "more calls were answered than the log has room for";
                return;
            }
            byte* at = (byte*)_header + LogHeader.Bytes + tail;
            *(LogAnswer*)at = new LogAnswer
            {
                SizeBytes = (uint)size,
                Kind = LogEntryKind.Answer,
                Record = place,
                Result = (int)result,
                Count = places.Length,
            };
            places.CopyTo(new Span<ulong>(at + sizeof(LogAnswer), places.Length));
            Volatile.Write(ref _header->Tail, tail + size);
        }
    }

    /// <summary>An image is about to be committed: from then on the log may be that image's.</summary>
    public void Prepare(string identity, string folder)
    {
        Put(_header->Folder, LogHeader.FolderBytes, folder);
        Put(_header->Next, LogHeader.IdentityBytes, identity);
    }

    /// <summary>The image that was prepared is there: the log begins anew.</summary>
    /// <param name="reason">Why calls that follow cannot be done again; null when they can.</param>
    public void Restart(string? reason)
    {
        lock (_gate)
        {
            long tail = _header->Tail;
            Volatile.Write(ref _header->Tail, 0);
            Buffer.MemoryCopy(_header->Next, _header->Base, LogHeader.IdentityBytes, LogHeader.IdentityBytes);
            Reason = reason;
            IsFull = false;
            _hasAsked = false;
            if (tail > KeptBytes)
            {
                _ = Libc.fallocate(File, PunchHole, LogHeader.Bytes + KeptBytes, tail - KeptBytes);
            }
        }
    }

    /// <summary>Nothing more is logged until the next image.</summary>
    public void GiveUp(string reason)
    {
        lock (_gate)
        {
            Reason = reason;
            IsFull = false;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _ = Libc.munmap((nint)_header, (nuint)Bytes);
        _ = Libc.close(File);
    }

    private static long Align(long bytes) => (bytes + 7) & ~7L;

    private static string Text(byte* place, int bytes)
    {
        ReadOnlySpan<byte> text = new(place, bytes);
        int end = text.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? text : text[..end]);
    }

    // The first byte comes last: a text is there as a whole or not at all.
    private static void Put(byte* place, int bytes, string text)
    {
        byte[] all = Encoding.UTF8.GetBytes(text);
        Volatile.Write(ref *place, 0);
        if (all.Length is > 0 && all.Length < bytes)
        {
            all.AsSpan(1).CopyTo(new Span<byte>(place + 1, bytes - 1));
            place[all.Length] = 0;
            Volatile.Write(ref *place, all[0]);
        }
    }
}
