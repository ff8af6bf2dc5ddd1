using System.Globalization;
using Weir.Api;
using Weir.Images;
using Weir.Remote.Workers;
using Weir.Wire;
using Weir.Worker.Attach;
using Weir.Worker.Devices;
using Weir.Worker.Replaying;
using Weir.Worker.Rings;
using Weir.Worker.Sessions;

namespace Weir.Worker.Portable;

/// <summary>A session that goes on in this worker from the state in an image; its client is there already and has not noticed anything.</summary>
internal static unsafe class SessionRestore
{
    // What the contexts of a session fail with when calls were lost: the API's word for work that came to no good end.
    private const CuResult Lost = CuResult.LaunchFailed;

    /// <summary>Makes the session.</summary>
    /// <param name="handed">What came with it.</param>
    /// <param name="backend">The device.</param>
    /// <param name="report">What became of calls that were made since the image was written.</param>
    /// <param name="saved">The image, and the moment at which memory was what it holds.</param>
    /// <param name="memory">Told of memory that comes later.</param>
    /// <exception cref="IOException">It cannot be done; says why. Nothing that the client sees has changed.</exception>
    public static Session Take(
        HandedSession handed,
        IDeviceBackend backend,
        ComingMemory memory,
        out StateReport report,
        out SavedSession saved
    )
    {
        CallLog? log = handed.Log < 0 ? null : CallLog.Open(handed.Log);
        ImageReader reader = Find(handed.Order, log);
        Read(reader, out SideState state, out Journal journal);
        // Nothing half-done: what is damaged shows before the client's descriptors are touched. Of an image that the last worker has just written,
        // and that nobody keeps, it is enough that it is all there; each chunk is checked again when it is read.
        bool isHandedOver = handed.Order.Loss is null;
        if (isHandedOver)
        {
            reader.VerifyPresence();
        }
        else
        {
            reader.Verify();
        }
        Session session = Open(handed, backend, state, journal);
        session.CallLog = log;
        saved = Fill(session, backend, reader, state, memory);
        report = Recover(session, session.Portable!, state, handed, reader.Identity);
        return session;
    }

    /// <summary>Makes a session whose client is on another node and has yet to come.</summary>
    /// <param name="door">Where it comes in.</param>
    /// <param name="folder">The image; each of its chunks was checked when it came to this node.</param>
    /// <param name="backend">The device.</param>
    /// <param name="memory">Told of memory that comes later.</param>
    /// <param name="saved">The image, and the moment at which memory was what it holds.</param>
    /// <exception cref="IOException">It cannot be done; says why.</exception>
    public static Session TakeRemote(
        Remote.RemoteDoor door,
        string folder,
        IDeviceBackend backend,
        ComingMemory memory,
        out SavedSession saved
    )
    {
        ImageReader reader = ImageReader.Open(folder);
        Read(reader, out SideState state, out Journal journal);
        reader.VerifyPresence();
        Window window = state.Window with { HostIsElsewhere = true };
        if (!Mapping.TryReserve(window))
        {
            throw new IOException("this worker has something else at the session's addresses");
        }
        Session session =
            Remote.RemoteGreeting.Open(door, backend, window, canMove: true, journal)
            ?? throw new IOException("there is no memory for the session's rings");
        Prepare(session, state);
        // What is touched first comes first: the program waits for no more than that.
        saved = Fill(session, backend, reader, state, memory);
        foreach ((ulong context, CuResult error) in state.Errors)
        {
            session.Errors.Latch(context, error);
        }
        return session;
    }

    /// <summary>Calls were lost: the session's contexts fail.</summary>
    public static void Fail(Session session)
    {
        foreach ((ulong handle, nint native) in session.Handles[HandleKind.Context].Live())
        {
            session.Portable!.WriteState(HandleKind.Context, native, [(long)Lost]);
            session.Errors.Latch(handle, Lost);
        }
        session.NoteSticky(Lost);
    }

    private static void Read(ImageReader reader, out SideState state, out Journal journal)
    {
        if (reader.Property(SessionImage.KindProperty) != SessionImage.Kind)
        {
            throw new ImageException(ImageFault.Foreign, "the image is not of a session");
        }
        if (
            reader.Property(SessionImage.SegmentProperty)
            != SegmentLayout.Version.ToString(CultureInfo.InvariantCulture)
        )
        {
            throw new IOException("the image's client speaks another version of the protocol than this worker");
        }
        state = SideState.Decode(reader.Section(SessionImage.SidePart));
        journal = new Journal();
        List<byte[]> modules = Modules(reader);
        journal.Adopt(JournalCodec.Decode(reader.Section(SessionImage.JournalPart), modules));
        VirtualCodec.Decode(reader.Section(SessionImage.VirtualPart), journal.Virtual);
    }

    // The session's objects, made anew, and its memory, which comes by and by.
    private static SavedSession Fill(
        Session session,
        IDeviceBackend backend,
        ImageReader reader,
        SideState state,
        ComingMemory memory
    )
    {
        if (session.Portable is not { } device)
        {
            throw new IOException($"sessions cannot be restored on a device of kind {backend.Name}");
        }
        Replay.Run(session, device);
        // The clocks of two machines have nothing in common; what lies between two events stays what it was.
        long later = device.Clock - state.Clock;
        foreach ((HandleKind kind, ulong handle, long[] values) in state.Objects)
        {
            if (kind == HandleKind.Event && values.Length > 0)
            {
                values[0] += later;
            }
            nint native = 0;
            if (kind == HandleKind.None || session.Handles.TryGet(kind, handle, out native))
            {
                device.WriteState(kind, native, values);
            }
        }
        OpenClState.Read(reader, session);
        // Only now is everything allocated that was.
        SessionImage.ReadMemory(reader, device, isLazy: true, memory.Begin());
        // Before anything is done again, which changes memory.
        return new SavedSession(0, 0, device.MarkMemory(), reader.Identity);
    }

    private static void Prepare(Session session, SideState state)
    {
        foreach ((int device, ulong context) in state.Primary)
        {
            session.PrimaryContexts[device] = context;
        }
        foreach ((ulong blob, byte[] bytes) in state.Blobs)
        {
            _ = session.Blobs.TryAppend(blob, bytes);
        }
    }

    // What the last worker had taken since the image was written is done again, or its loss is told.
    private static StateReport Recover(
        Session session,
        IPortableDevice device,
        SideState state,
        HandedSession handed,
        string image
    )
    {
        bool hasLost = handed.Order.Loss is not null && HasLost(session.Segment, state.Rings);
        if (handed.Order.Loss != StateOrder.Replay || session.CallLog is not { } log)
        {
            GoOn(session, state, hasLost);
            return new StateReport { LostCalls = hasLost };
        }
        GoOn(session, state, lostCalls: false);
        int again = 0;
        // An image that was just about to take the place of the log's holds all that the log does.
        string? reason =
            log.Base == image ? LogReplay.Run(session, device, log, state.Rings, out again)
            : log.Next == image || !hasLost ? null
            : "the log of its calls follows another image";
        if (reason is not null && !hasLost)
        {
            reason = null;
        }
        if (reason is not null)
        {
            GoOn(session, state, lostCalls: true);
            log.GiveUp("calls were lost before");
        }
        return new StateReport
        {
            LostCalls = reason is not null,
            ReplayedCalls = again,
            Reason = reason,
        };
    }

    // The image that the log follows may be another than the one that was heard of last.
    private static ImageReader Find(StateOrder order, CallLog? log)
    {
        ImageReader reader = ImageReader.Open(order.Folder ?? throw new IOException("no folder was named"));
        return
            log is null
            || order.Loss != StateOrder.Replay
            || reader.Identity == log.Base
            || reader.Identity == log.Next
            || !Directory.Exists(log.Folder)
            ? reader
            : ImageReader.Open(log.Folder);
    }

    /// <summary>The modules of an image, in the order in which its journal names them.</summary>
    /// <exception cref="IOException">One is damaged.</exception>
    public static List<byte[]> Modules(ImageReader reader) =>
        [
            .. reader
                .Manifest.Parts.Where(part => part.Name == SessionImage.ModulePart)
                .Select(part => Module(reader, part)),
        ];

    private static byte[] Module(ImageReader reader, ManifestPart part)
    {
        const int MostBytes = 1 << 30;
        if (part.Bytes > MostBytes)
        {
            throw new ImageException(ImageFault.Malformed, "a module of the image is too large");
        }
        byte[] image = new byte[(int)part.Bytes];
        for (int index = 0; index < part.Chunks.Count; index++)
        {
            _ = reader.ReadChunk(part, index, image.AsSpan(index * ImageFormat.ChunkBytes));
        }
        return image;
    }

    private static Session Open(HandedSession handed, IDeviceBackend backend, SideState state, Journal journal)
    {
        if (!Mapping.TryReserve(state.Window))
        {
            throw new IOException("this worker has something else at the session's addresses");
        }
        byte* segment = Mapping.Map(handed.Segment, SegmentLayout.SegmentBytes);
        if (segment == null || !Mapping.TryMapHost(state.Window, handed.HostMemory))
        {
            throw new IOException("the session's memory cannot be mapped");
        }
        ControlPage* control = SegmentLayout.Control(segment);
        if (control->Magic != SegmentLayout.Magic || control->Version != SegmentLayout.Version)
        {
            throw new IOException("the client's segment is none");
        }
        var session = new Session(
            segment,
            state.Window,
            handed.HostMemory,
            backend.Open(state.Window),
            backend.Snapshot
        )
        {
            RegistersHostMemory = backend.RegistersHostMemory,
            Slice = backend.Slice,
            SegmentFile = handed.Segment,
            Journal = journal,
        };
        Prepare(session, state);
        session.Callbacks.Queued = state.Callbacks;
        return session;
    }

    // What the last worker took after the image was written is gone.
    private static bool HasLost(byte* segment, IReadOnlyList<RingPosition> rings)
    {
        for (int slot = 0; slot < SegmentLayout.SlotCount; slot++)
        {
            RingPosition saved = rings.FirstOrDefault(ring => ring.Slot == slot);
            RingHeader* header = SegmentLayout.Slot(segment, slot);
            if (
                header->Head != saved.Bytes
                || header->ReplySequence != saved.Replies
                || header->CallsTaken != saved.Replies
            )
            {
                return true;
            }
        }
        return false;
    }

    private static void GoOn(Session session, SideState state, bool lostCalls)
    {
        session.Control->WorkerPid = Environment.ProcessId;
        session.Control->WorkerFences = Doorbell.TryGlobalFence() ? 1u : 0u;
        if (!lostCalls)
        {
            session.Rings.GoOn(state.Rings);
            foreach ((ulong context, CuResult error) in state.Errors)
            {
                session.Errors.Latch(context, error);
            }
            return;
        }
        List<RingPosition> rings = [];
        for (int slot = 0; slot < SegmentLayout.SlotCount; slot++)
        {
            RingHeader* header = SegmentLayout.Slot(session.Segment, slot);
            if (header->Head != 0 || header->CallsTaken != 0)
            {
                uint replies = header->ReplySequence;
                if (header->CallsTaken == replies + 1)
                {
                    ReplySlot.Publish(header, ref replies, (int)Lost, 0);
                }
                rings.Add(new RingPosition(slot, header->Head, replies));
            }
        }
        session.Rings.GoOn(rings);
        Fail(session);
        for (int chunk = 0; chunk < SegmentLayout.ChunkCount; chunk++)
        {
            uint* word = SegmentLayout.ChunkWord(session.Segment, chunk);
            if (!StagingChunk.IsDone(Volatile.Read(ref *word)))
            {
                StagingChunk.Complete(word, StagingChunk.Failed);
            }
        }
    }
}
