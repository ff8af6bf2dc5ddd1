using System.Security.Cryptography;

namespace Weir.Images;

/// <summary>
/// Writes an image into a folder, whose last image stays whole until <see cref="Commit"/> and is then replaced by this one. Chunks that
/// the last image has are not written again. One thread.
/// </summary>
internal sealed class ImageWriter : IDisposable
{
    private readonly string _folder;
    private readonly FileStream _lock;
    private readonly HashSet<string> _known = [];

    // The last image's chunks of memory, by space and address.
    private readonly Dictionary<(string Space, ulong Address), string> _last = [];
    private readonly HashSet<string> _written = [];
    private readonly Dictionary<string, string> _properties = [];
    private readonly List<ManifestPart> _parts = [];
    private bool _isCommitted;

    private ImageWriter(string folder, FileStream file)
    {
        _folder = folder;
        _lock = file;
    }

    /// <summary>Of the folder's image: the last one, then the one that was committed; null while there is none. See <see cref="ImageReader.Identity"/>.</summary>
    public string? Identity { get; private set; }

    /// <summary>Bytes of the parts added so far.</summary>
    public long TotalBytes { get; private set; }

    /// <summary>Bytes written to chunks.</summary>
    public long WrittenBytes { get; private set; }

    /// <summary>Begins an image.</summary>
    /// <exception cref="IOException">The folder cannot be made or written to, or somebody else writes there, or it holds something else.</exception>
    public static ImageWriter Begin(string folder)
    {
        if (Directory.Exists(folder) && !IsOurs(folder))
        {
            throw new IOException($"{folder} is not empty and holds no image; name another folder");
        }
        _ = Directory.CreateDirectory(
            folder,
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
        );
        FileStream file = new(
            Path.Combine(folder, "lock"),
            FileMode.OpenOrCreate,
            FileAccess.ReadWrite,
            FileShare.None
        );
        var writer = new ImageWriter(folder, file);
        try
        {
            ImageReader last = ImageReader.Open(folder);
            writer.Identity = last.Identity;
            foreach (ManifestPart part in last.Manifest.Parts)
            {
                writer.Remember(part);
            }
        }
        catch (ImageException)
        {
            // No last image, or one of no use: everything is written.
        }
        return writer;
    }

    /// <summary>Says something of the image.</summary>
    public void Property(string name, string value) => _properties[name] = value;

    /// <summary>Adds a named section.</summary>
    /// <exception cref="IOException">There is no room, or writing failed.</exception>
    public void Section(string name, ReadOnlySpan<byte> content)
    {
        List<string> chunks = [];
        for (int offset = 0; offset < content.Length; offset += ImageFormat.ChunkBytes)
        {
            chunks.Add(Store(content[offset..Math.Min(offset + ImageFormat.ChunkBytes, content.Length)]));
        }
        TotalBytes += content.Length;
        _parts.Add(new ManifestPart(name, 0, (ulong)content.Length, chunks));
    }

    /// <summary>Adds a chunk of memory.</summary>
    /// <param name="space">Name of the space that the address is of.</param>
    /// <param name="address">Address by which it is found again, a multiple of <see cref="ImageFormat.ChunkBytes"/>.</param>
    /// <param name="hash">What <see cref="Store"/> gave for all of its <see cref="ImageFormat.ChunkBytes"/> bytes.</param>
    public void Memory(string space, ulong address, string hash) => Append(space, address, hash);

    /// <summary>Adds a chunk of memory that is what it was in the last image; false when that had none there.</summary>
    public bool TryKeep(string space, ulong address)
    {
        bool isKnown = _last.TryGetValue((space, address), out string? hash);
        if (isKnown)
        {
            Append(space, address, hash!);
        }
        return isKnown;
    }

    /// <summary>Makes it the folder's image. What the last one had and this one has not is removed.</summary>
    /// <param name="isDurable">
    /// It must outlive the machine's next power failure, which costs waiting for the disk. An image that is of use only while processes
    /// of this machine live need not.
    /// </param>
    /// <param name="prepare">Told what <see cref="Identity"/> will be, at the last moment before it is the folder's image.</param>
    /// <exception cref="IOException">There is no room, or writing failed; the last image is still there.</exception>
    public void Commit(bool isDurable, Action<string>? prepare = null)
    {
        byte[] manifest = ImageFormat.Encode(new Manifest { Properties = _properties, Parts = _parts });
        string path = Path.Combine(_folder, ImageFormat.ManifestName);
        string fresh = path + ".new";
        File.WriteAllBytes(fresh, manifest);
        if (isDurable)
        {
            Durability.Flush(_folder, [.. _written.Select(hash => ImageFormat.ChunkPath(_folder, hash)), fresh]);
        }
        prepare?.Invoke(ImageFormat.Identity(manifest));
        File.Move(fresh, path, overwrite: true);
        if (isDurable)
        {
            Durability.FlushNames(_folder);
        }
        _isCommitted = true;
        Identity = ImageFormat.Identity(manifest);
        RemoveOthers();
    }

    /// <summary>Ends the writing; without <see cref="Commit"/> what was written is removed.</summary>
    public void Dispose()
    {
        if (!_isCommitted)
        {
            foreach (string hash in _written)
            {
                Remove(ImageFormat.ChunkPath(_folder, hash));
            }
            Remove(Path.Combine(_folder, ImageFormat.ManifestName + ".new"));
        }
        _lock.Dispose();
    }

    private static bool IsOurs(string folder) =>
        File.Exists(Path.Combine(folder, "lock"))
        || File.Exists(Path.Combine(folder, ImageFormat.ManifestName))
        || !Directory.EnumerateFileSystemEntries(folder).Any();

    private void Remember(ManifestPart part)
    {
        _known.UnionWith(part.Chunks);
        if (part.Address == 0)
        {
            return;
        }
        for (int index = 0; index < part.Chunks.Count; index++)
        {
            _last[(part.Name, part.Address + (ulong)index * ImageFormat.ChunkBytes)] = part.Chunks[index];
        }
    }

    private void Append(string space, ulong address, string hash)
    {
        TotalBytes += ImageFormat.ChunkBytes;
        if (_parts.Count > 0 && _parts[^1] is { } last && last.Name == space && last.Address + last.Bytes == address)
        {
            last.Chunks.Add(hash);
            _parts[^1] = last with { Bytes = last.Bytes + ImageFormat.ChunkBytes };
            return;
        }
        _parts.Add(new ManifestPart(space, address, ImageFormat.ChunkBytes, new List<string> { hash }));
    }

    /// <summary>Stores a chunk; its name in the manifest, empty when it is all zeros.</summary>
    /// <exception cref="IOException">There is no room, or writing failed.</exception>
    public string Store(ReadOnlySpan<byte> piece)
    {
        if (piece.IndexOfAnyExcept((byte)0) < 0)
        {
            return "";
        }
        string hash = Convert.ToHexStringLower(SHA256.HashData(piece));
        if (_known.Contains(hash) || !_written.Add(hash))
        {
            return hash;
        }
        string path = ImageFormat.ChunkPath(_folder, hash);
        _ = Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        // Never half a chunk under its name: one that a broken attempt left is written anew.
        string fresh = path + ".new";
        try
        {
            using (var file = File.OpenHandle(fresh, FileMode.Create, FileAccess.Write))
            {
                RandomAccess.Write(file, piece, 0);
            }
            File.Move(fresh, path, overwrite: true);
        }
        catch (IOException)
        {
            Remove(fresh);
            throw;
        }
        WrittenBytes += piece.Length;
        return hash;
    }

    private void RemoveOthers()
    {
        HashSet<string> used = [.. _parts.SelectMany(part => part.Chunks)];
        string folder = Path.Combine(_folder, ImageFormat.ChunkFolder);
        if (!Directory.Exists(folder))
        {
            return;
        }
        foreach (string path in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
        {
            if (!used.Contains(Path.GetFileName(path)))
            {
                Remove(path);
            }
        }
    }

    private static void Remove(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // It costs room, nothing else; the next image removes it.
        }
    }
}
