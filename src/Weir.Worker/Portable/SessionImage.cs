using Weir.Api;
using Weir.Images;
using Weir.Worker.Sessions;

namespace Weir.Worker.Portable;

/// <summary>What was written of a session.</summary>
/// <param name="Bytes">Bytes of state, memory included.</param>
/// <param name="WrittenBytes">Those that the folder did not have already.</param>
/// <param name="Moment">For the next image in the same folder.</param>
/// <param name="Image">Tells the image from every other.</param>
internal readonly record struct SavedSession(long Bytes, long WrittenBytes, object? Moment, string? Image);

/// <summary>The state of a session at rest, written into an image and read from it.</summary>
internal static unsafe class SessionImage
{
    /// <summary>Names of the image's parts.</summary>
    public const string JournalPart = "journal";

    /// <inheritdoc cref="JournalPart"/>
    public const string SidePart = "session";

    /// <inheritdoc cref="JournalPart"/>
    public const string VirtualPart = "virtual";

    /// <inheritdoc cref="JournalPart"/>
    public const string ModulePart = "module";

    /// <inheritdoc cref="JournalPart"/>
    public const string MemoryPart = "memory";

    /// <summary>Property that says what the image is of.</summary>
    public const string KindProperty = "kind";

    /// <inheritdoc cref="KindProperty"/>
    public const string Kind = "session";

    /// <summary><see cref="KindProperty"/> of what <see cref="SessionWriting.Copy"/> writes.</summary>
    public const string CopyKind = "memory only";

    /// <summary>Property: version of the segment, which the client keeps.</summary>
    public const string SegmentProperty = "segment";

    /// <summary>Writes the session's state; it is at rest meanwhile.</summary>
    /// <param name="session">The session.</param>
    /// <param name="device">Its device.</param>
    /// <param name="program">The client, for people who look at the image.</param>
    /// <param name="folder">Where the image goes.</param>
    /// <param name="last">What this session's memory was last equal to: that image, and since when. Counts only where it is the folder's.</param>
    /// <param name="isDurable">It must outlive a power failure.</param>
    /// <exception cref="IOException">It could not be written; the folder's last image is still there.</exception>
    public static SavedSession Write(
        Session session,
        IPortableDevice device,
        ClientProgram program,
        string folder,
        SavedSession last,
        bool isDurable
    )
    {
        using SessionWriting writing = SessionWriting.Begin(device, folder, last);
        return writing.Finish(session, program, isDurable);
    }

    /// <summary>Fills the session's memory, which is allocated as it was.</summary>
    /// <param name="reader">The image.</param>
    /// <param name="device">The device.</param>
    /// <param name="isLazy">What is touched comes first, and the image is read until <paramref name="whenLoaded"/>.</param>
    /// <param name="whenLoaded">Told when the image is not needed any more, with what went wrong or null.</param>
    /// <exception cref="IOException">The image is damaged.</exception>
    public static void ReadMemory(
        ImageReader reader,
        IPortableDevice device,
        bool isLazy,
        Action<Exception?> whenLoaded
    )
    {
        Dictionary<ulong, (ManifestPart Part, int Index)> pieces = [];
        foreach (ManifestPart part in reader.Manifest.Parts.Where(part => part.Name == MemoryPart))
        {
            if (part.Address % ImageFormat.ChunkBytes != 0 || part.Bytes % ImageFormat.ChunkBytes != 0)
            {
                throw new ImageException(ImageFault.Malformed, "the image holds memory at impossible places");
            }
            for (int index = 0; index < part.Chunks.Count; index++)
            {
                pieces[part.Address + (ulong)index * ImageFormat.ChunkBytes] = (part, index);
            }
        }
        device.RestoreMemory(
            (address, content) =>
            {
                (ManifestPart part, int index) = pieces[address];
                _ = reader.ReadChunk(part, index, content);
            },
            pieces.Keys,
            isLazy,
            whenLoaded
        );
    }

    /// <summary>What the device calls the contents of physical memory.</summary>
    /// <exception cref="IOException">It is not there.</exception>
    public static ulong KeyOf(PhysicalEntry memory, Session session, IPortableDevice device)
    {
        nint native;
        if (
            memory.Handles.Count > 0
            && session.Handles.TryGet(HandleKind.PhysicalMemory, memory.Handles[0], out native)
        )
        {
            return device.PlacesOf(HandleKind.PhysicalMemory, native)[0];
        }
        ulong mapped = session.Journal.Virtual.Mappings.Values.First(mapping => mapping.Memory == memory).Address;
        if (session.Driver.MemRetainAllocationHandle(&native, mapped) != CuResult.Success)
        {
            throw new IOException("physical memory of the session is not there any more");
        }
        ulong key = device.PlacesOf(HandleKind.PhysicalMemory, native)[0];
        _ = session.Driver.MemRelease(native);
        return key;
    }

    /// <summary>Where the device put what a record of the journal made.</summary>
    public static ulong[] PlacesOf(JournalEntry entry, Session session) =>
        PlacesOf(entry.Op, entry.Object, entry.Object, session);

    /// <summary>Where the device put what a call made, as <see cref="IPortableDevice.Place"/> wants it when the call is replayed.</summary>
    /// <param name="op">The call.</param>
    /// <param name="handle">The client's handle of what was made, if it has one.</param>
    /// <param name="answer">First word of the answer.</param>
    /// <param name="session">The session.</param>
    public static ulong[] PlacesOf(ushort op, ulong handle, ulong answer, Session session)
    {
        if (CallTable.CarriageField(op, 0) == CallTable.FirstOfAnswer || (Op)op == Op.MemAddressReserve)
        {
            return [answer];
        }
        HandleKind kind = (Op)op switch
        {
            Op.LoadModule => HandleKind.Module,
            Op.ArrayCreate or Op.Array3DCreate => HandleKind.Array,
            Op.MemCreate => HandleKind.PhysicalMemory,
            _ => HandleKind.None,
        };
        return kind != HandleKind.None && session.Handles.TryGet(kind, handle, out nint native)
            ? session.Portable!.PlacesOf(kind, native)
            : [];
    }
}
