using System.Text;
using Weir.Api;
using Weir.Images;
using Weir.Worker.Sessions;

namespace Weir.Worker.Portable;

/// <summary>
/// What a new session finds in the image of an older one: the content of allocations that have a name, and of the variables of modules that are the
/// same to the byte. Each is given once.
/// </summary>
internal sealed unsafe class WarmStart
{
    private readonly Lock _gate = new();
    private readonly ImageReader _image;
    private readonly Dictionary<string, (ulong Address, ulong Bytes)> _named = [];
    private readonly List<JournalEntry> _modules;

    // Chunks of memory by address.
    private readonly Dictionary<ulong, (ManifestPart Part, int Index)> _pieces = [];
    private readonly byte[] _piece = new byte[ImageFormat.ChunkBytes];
    private ulong _pieceAddress = ulong.MaxValue;

    private WarmStart(ImageReader image, List<JournalEntry> journal)
    {
        _image = image;
        foreach (JournalEntry entry in journal.Where(entry => (Op)entry.Op == Op.WeirMemAlloc && !entry.HasEnded))
        {
            _named[NameOf(entry.Fields)] = (entry.Object, BitConverter.ToUInt64(entry.Fields));
        }
        _modules = journal.FindAll(entry => entry.Image is not null);
        foreach (ManifestPart part in image.Manifest.Parts.Where(part => part.Name == SessionImage.MemoryPart))
        {
            for (int index = 0; index < part.Chunks.Count; index++)
            {
                _pieces[part.Address + (ulong)index * ImageFormat.ChunkBytes] = (part, index);
            }
        }
    }

    /// <summary>Opens the image in a folder.</summary>
    /// <exception cref="IOException">It is no image of a session, or damaged.</exception>
    public static WarmStart Open(string folder)
    {
        ImageReader image = ImageReader.Open(folder);
        if (image.Property(SessionImage.KindProperty) != SessionImage.Kind)
        {
            throw new ImageException(ImageFault.Foreign, "the image is not of a session");
        }
        List<byte[]> modules = SessionRestore.Modules(image);
        return new WarmStart(image, JournalCodec.Decode(image.Section(SessionImage.JournalPart), modules));
    }

    /// <summary>Allocates memory with a name, where it was if that can be, and with the content that it had.</summary>
    /// <param name="session">The session.</param>
    /// <param name="name">Its name.</param>
    /// <param name="bytes">Its size, which must be what it was.</param>
    /// <param name="address">Where it is.</param>
    /// <param name="isRestored">It has its old content.</param>
    /// <exception cref="IOException">The image is damaged.</exception>
    public CuResult Allocate(Session session, string name, nuint bytes, out ulong address, out bool isRestored)
    {
        lock (_gate)
        {
            isRestored = _named.Remove(name, out (ulong Address, ulong Bytes) old) && old.Bytes == bytes;
            ulong place = 0;
            CuResult result = CuResult.OutOfMemory;
            if (isRestored && session.Portable is { } device)
            {
                // What it points to within itself stays true there.
                device.Place([old.Address]);
                result = session.Driver.MemAlloc(&place, bytes);
                device.Place([]);
            }
            if (result != CuResult.Success)
            {
                result = session.Driver.MemAlloc(&place, bytes);
            }
            address = place;
            if (result == CuResult.Success && isRestored)
            {
                Fill(session, place, old.Address, bytes);
            }
            return result;
        }
    }

    /// <summary>A module was loaded: its variables get what they had in the image, if it is there.</summary>
    /// <exception cref="IOException">The image is damaged.</exception>
    public void Fill(Session session, byte[] module, nint native)
    {
        lock (_gate)
        {
            int found = _modules.FindIndex(entry => entry.Image.AsSpan().SequenceEqual(module));
            ulong[] places = found < 0 ? [] : session.Portable!.PlacesOf(HandleKind.Module, native);
            if (found < 0 || _modules[found].Places.Length != places.Length)
            {
                return;
            }
            ulong[] old = _modules[found].Places;
            _modules.RemoveAt(found);
            for (int index = 0; index < places.Length; index++)
            {
                ulong start;
                nuint bytes;
                if (session.Driver.MemGetAddressRange(&start, &bytes, places[index]) == CuResult.Success)
                {
                    Fill(session, places[index], old[index], bytes - (nuint)(places[index] - start));
                }
            }
        }
    }

    private static string NameOf(byte[] fields)
    {
        // Size, then length and text with its NUL.
        int length = BitConverter.ToInt32(fields, sizeof(ulong));
        return Encoding.UTF8.GetString(fields, sizeof(ulong) + sizeof(int), Math.Max(0, length - 1));
    }

    private void Fill(Session session, ulong to, ulong from, ulong bytes)
    {
        for (ulong done = 0; done < bytes; )
        {
            ulong piece = (from + done) & ~((ulong)ImageFormat.ChunkBytes - 1);
            ulong offset = from + done - piece;
            ulong part = Math.Min(bytes - done, ImageFormat.ChunkBytes - offset);
            Load(piece);
            fixed (byte* data = _piece)
            {
                CuResult result = session.Driver.MemcpyHtoD(to + done, data + offset, (nuint)part);
                if (result != CuResult.Success)
                {
                    throw new IOException($"memory cannot be filled: {result}");
                }
            }
            done += part;
        }
    }

    private void Load(ulong address)
    {
        if (address == _pieceAddress)
        {
            return;
        }
        // What the image does not mention is zeros.
        if (_pieces.TryGetValue(address, out (ManifestPart Part, int Index) place))
        {
            _ = _image.ReadChunk(place.Part, place.Index, _piece);
        }
        else
        {
            Array.Clear(_piece);
        }
        _pieceAddress = address;
    }
}
