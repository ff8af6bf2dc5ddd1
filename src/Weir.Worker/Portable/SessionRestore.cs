using System.Globalization;
using Weir.Api;
using Weir.Images;
using Weir.Wire;
using Weir.Worker.Attach;
using Weir.Worker.Devices;
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
    /// <param name="lostCalls">Calls were lost: the session's contexts have failed.</param>
    /// <param name="image">Tells the image from every other.</param>
    /// <exception cref="IOException">It cannot be done; says why. Nothing that the client sees has changed.</exception>
    public static Session Take(HandedSession handed, IDeviceBackend backend, out bool lostCalls, out string image)
    {
        ImageReader reader = ImageReader.Open(handed.Order.Folder ?? throw new IOException("no folder was named"));
        image = reader.Identity;
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
        SideState state = SideState.Decode(reader.Section(SessionImage.SidePart));
        var journal = new Journal();
        List<byte[]> modules =
        [
            .. reader
                .Manifest.Parts.Where(part => part.Name == SessionImage.ModulePart)
                .Select(part => Module(reader, part)),
        ];
        journal.Adopt(JournalCodec.Decode(reader.Section(SessionImage.JournalPart), modules));
        VirtualCodec.Decode(reader.Section(SessionImage.VirtualPart), journal.Virtual);
        // Nothing half-done: what is damaged shows before the client's descriptors are touched.
        reader.Verify();
        Session session = Open(handed, backend, state, journal);
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
        // Only now is everything allocated that was.
        SessionImage.ReadMemory(reader, device, isLazy: false, _ => { });
        lostCalls = handed.Order.Loss is not null && HasLost(session.Segment, state.Rings);
        GoOn(session, device, state, lostCalls);
        return session;
    }

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
            SegmentFile = handed.Segment,
            Journal = journal,
        };
        foreach ((int device, ulong context) in state.Primary)
        {
            session.PrimaryContexts[device] = context;
        }
        foreach ((ulong blob, byte[] bytes) in state.Blobs)
        {
            _ = session.Blobs.TryAppend(blob, bytes);
        }
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

    private static void GoOn(Session session, IPortableDevice device, SideState state, bool lostCalls)
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
        foreach ((ulong handle, nint native) in session.Handles[HandleKind.Context].Live())
        {
            device.WriteState(HandleKind.Context, native, [(long)Lost]);
            session.Errors.Latch(handle, Lost);
        }
        session.NoteSticky(Lost);
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
