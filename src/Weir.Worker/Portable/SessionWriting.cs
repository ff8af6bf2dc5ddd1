using System.Globalization;
using Weir.Api;
using Weir.Images;
using Weir.Worker.Replaying;
using Weir.Worker.Sessions;

namespace Weir.Worker.Portable;

/// <summary>
/// An image of a session that is being written: memory ahead, while the program goes on, as often as that is worth it; then, at rest, what has
/// changed since, and all else. Until <see cref="Finish"/> the folder's last image is whole and the folder's.
/// </summary>
internal sealed class SessionWriting : IDisposable
{
    private const int MostPasses = 4;
    private const long LittleBytes = 8L << 20;

    private readonly IPortableDevice _device;
    private readonly string _folder;
    private readonly ImageWriter _writer;

    // What was written of memory, by address; what is not mentioned is what it is in the last image.
    private readonly Dictionary<ulong, string> _found = [];
    private object? _since;

    private SessionWriting(IPortableDevice device, string folder, ImageWriter writer, object? since)
    {
        _device = device;
        _folder = folder;
        _writer = writer;
        _since = since;
    }

    /// <summary>Begins an image.</summary>
    /// <param name="device">The session's device.</param>
    /// <param name="folder">Where the image goes.</param>
    /// <param name="last">What this session's memory was last equal to: that image, and since when. Counts only where it is the folder's.</param>
    /// <exception cref="IOException">Nothing can be written there.</exception>
    public static SessionWriting Begin(IPortableDevice device, string folder, SavedSession last)
    {
        ImageWriter writer = ImageWriter.Begin(folder);
        bool isSame = last.Image is not null && last.Image == writer.Identity;
        return new SessionWriting(device, folder, writer, isSame ? last.Moment : null);
    }

    /// <summary>Writes memory while the program goes on, and again what it has written meanwhile, until that is little or does not become less.</summary>
    /// <exception cref="IOException">It could not be written.</exception>
    public void GoAhead()
    {
        long before = long.MaxValue;
        for (int pass = 0; pass < MostPasses; pass++)
        {
            long written = SavePieces(isStill: false, out _);
            if (written <= LittleBytes || written > before / 2)
            {
                break;
            }
            before = written;
        }
    }

    /// <summary>Writes the rest of a session that is at rest, and makes it the folder's image.</summary>
    /// <param name="session">The session.</param>
    /// <param name="program">The client, for people who look at the image.</param>
    /// <param name="isDurable">It must outlive a power failure.</param>
    /// <exception cref="IOException">It could not be written; the folder's last image is still there.</exception>
    public SavedSession Finish(Session session, ClientProgram program, bool isDurable)
    {
        foreach (PhysicalEntry memory in session.Journal.Virtual.Physical)
        {
            memory.Key = SessionImage.KeyOf(memory, session, _device);
        }
        _writer.Property(SessionImage.KindProperty, SessionImage.Kind);
        _writer.Property("program", program.Path);
        _writer.Property("process", program.ProcessId.ToString(CultureInfo.InvariantCulture));
        _writer.Property("written", DateTime.UtcNow.ToString("O", CultureInfo.InvariantCulture));
        _writer.Property(
            SessionImage.SegmentProperty,
            Wire.SegmentLayout.Version.ToString(CultureInfo.InvariantCulture)
        );
        List<JournalEntry> entries = session.Journal.Entries();
        foreach (JournalEntry entry in entries)
        {
            entry.Places = SessionImage.PlacesOf(entry, session);
        }
        List<byte[]> modules = [];
        _writer.Section(SessionImage.JournalPart, JournalCodec.Encode(entries, modules));
        _writer.Section(SessionImage.SidePart, SideState.Of(session, _device).Encode());
        _writer.Section(SessionImage.VirtualPart, VirtualCodec.Encode(session.Journal.Virtual));
        foreach (byte[] module in modules)
        {
            _writer.Section(SessionImage.ModulePart, module);
        }
        OpenClState.Write(_writer, session);
        NameMemory(isStill: true);
        _writer.Commit(isDurable, identity => session.CallLog?.Prepare(identity, _folder));
        session.CallLog?.Restart(entries.Exists(entry => (Op)entry.Op == Op.UseHost) ? LoggedChunk.PageLocked : null);
        return new SavedSession(_writer.TotalBytes, _writer.WrittenBytes, _since, _writer.Identity);
    }

    /// <summary>
    /// Makes memory alone, as it is while the program goes on, the folder's image: nothing can be restored from it, but the next one in the folder costs less.
    /// </summary>
    /// <exception cref="IOException">It could not be written.</exception>
    public SavedSession Copy()
    {
        _writer.Property(SessionImage.KindProperty, SessionImage.CopyKind);
        NameMemory(isStill: false);
        _writer.Commit(isDurable: false);
        return new SavedSession(_writer.TotalBytes, _writer.WrittenBytes, _since, _writer.Identity);
    }

    /// <inheritdoc/>
    public void Dispose() => _writer.Dispose();

    // In the order of addresses, as the parts of an image are.
    private void NameMemory(bool isStill)
    {
        _ = SavePieces(isStill, out IReadOnlyList<ulong> pieces);
        foreach (ulong address in pieces)
        {
            if (_found.TryGetValue(address, out string? hash))
            {
                _writer.Memory(SessionImage.MemoryPart, address, hash);
            }
            else if (!_writer.TryKeep(SessionImage.MemoryPart, address))
            {
                throw new IOException("the folder's last image was altered meanwhile");
            }
        }
    }

    // Bytes of what had changed.
    private long SavePieces(bool isStill, out IReadOnlyList<ulong> pieces)
    {
        long bytes = 0;
        SavedPieces saved = _device.SaveMemory(
            (address, content) =>
            {
                _found[address] = _writer.Store(content);
                bytes += content.Length;
            },
            _since,
            isStill
        );
        _since = saved.Moment;
        pieces = saved.Pieces;
        return bytes;
    }
}
