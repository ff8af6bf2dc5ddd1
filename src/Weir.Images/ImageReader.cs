using System.Security.Cryptography;

namespace Weir.Images;

/// <summary>Reads an image; every chunk is checked against its name when it is read. Chunks may be read by several threads.</summary>
internal sealed class ImageReader
{
    private readonly string _folder;

    private ImageReader(string folder, Manifest manifest, string identity)
    {
        _folder = folder;
        Identity = identity;
        Manifest = manifest;
    }

    /// <summary>What the image consists of.</summary>
    public Manifest Manifest { get; }

    /// <summary>Tells the image from every other.</summary>
    public string Identity { get; }

    /// <summary>Opens the image in a folder.</summary>
    /// <exception cref="ImageException">There is none that can be used.</exception>
    public static ImageReader Open(string folder)
    {
        string path = Path.Combine(folder, ImageFormat.ManifestName);
        byte[] file;
        try
        {
            file = File.ReadAllBytes(path);
        }
        catch (Exception failure) when (failure is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new ImageException(ImageFault.Missing, $"there is no image in {folder}");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new ImageException(ImageFault.Missing, $"the image in {folder} cannot be read: {failure.Message}");
        }
        return new ImageReader(folder, ImageFormat.Decode(file, path), ImageFormat.Identity(file));
    }

    /// <summary>A property, or null.</summary>
    public string? Property(string name) => Manifest.Properties.GetValueOrDefault(name);

    /// <summary>The first part of a name, or null.</summary>
    public ManifestPart? Find(string name) => Manifest.Parts.FirstOrDefault(part => part.Name == name);

    /// <summary>A whole section.</summary>
    /// <exception cref="ImageException">It is not there, or not what was written.</exception>
    public byte[] Section(string name)
    {
        ManifestPart part =
            Find(name)
            ?? throw new ImageException(ImageFault.Malformed, $"the image in {_folder} has no part '{name}'");
        if (part.Bytes > (ulong)Array.MaxLength)
        {
            throw new ImageException(ImageFault.Malformed, $"part '{name}' of the image in {_folder} is too large");
        }
        byte[] all = new byte[part.Bytes];
        for (int index = 0; index < part.Chunks.Count; index++)
        {
            ReadChunk(part, index, all.AsSpan(index * ImageFormat.ChunkBytes));
        }
        return all;
    }

    /// <summary>Reads one chunk of a part to the start of <paramref name="destination"/>; returns its length in bytes.</summary>
    /// <exception cref="ImageException">It is not there, or not what was written.</exception>
    public int ReadChunk(ManifestPart part, int index, Span<byte> destination)
    {
        int length = (int)Math.Min(ImageFormat.ChunkBytes, part.Bytes - (ulong)index * ImageFormat.ChunkBytes);
        string hash = part.Chunks[index];
        Span<byte> place = destination[..length];
        if (hash.Length == 0)
        {
            place.Clear();
            return length;
        }
        Fetch(hash, place);
        Span<byte> found = stackalloc byte[SHA256.HashSizeInBytes];
        _ = SHA256.HashData(place, found);
        if (Convert.ToHexStringLower(found) != hash)
        {
            throw new ImageException(
                ImageFault.Damaged,
                $"{ImageFormat.ChunkPath(_folder, hash)} is not what was written: its checksum is wrong"
            );
        }
        return length;
    }

    /// <summary>Reads every chunk once, so that what follows meets no damaged one.</summary>
    /// <exception cref="ImageException">One is not there, or not what was written.</exception>
    public void Verify()
    {
        byte[] room = new byte[ImageFormat.ChunkBytes];
        HashSet<string> seen = [];
        foreach (ManifestPart part in Manifest.Parts)
        {
            for (int index = 0; index < part.Chunks.Count; index++)
            {
                if (part.Chunks[index].Length > 0 && seen.Add(part.Chunks[index]))
                {
                    _ = ReadChunk(part, index, room);
                }
            }
        }
    }

    /// <summary>
    /// Looks whether every chunk is there, in its length, without reading it: enough where the image was written a moment ago and each chunk is
    /// checked when it is read.
    /// </summary>
    /// <exception cref="ImageException">One is not there, or too short.</exception>
    public void VerifyPresence()
    {
        foreach (ManifestPart part in Manifest.Parts)
        {
            for (int index = 0; index < part.Chunks.Count; index++)
            {
                if (part.Chunks[index] is not { Length: > 0 } hash)
                {
                    continue;
                }
                FileInfo file = new(ImageFormat.ChunkPath(_folder, hash));
                long length = (long)
                    Math.Min(ImageFormat.ChunkBytes, part.Bytes - (ulong)index * ImageFormat.ChunkBytes);
                if (!file.Exists || file.Length != length)
                {
                    throw new ImageException(
                        ImageFault.Truncated,
                        file.Exists
                            ? $"{file.FullName} ends after {file.Length} of {length} bytes"
                            : $"{file.FullName} is not there: the image is not whole"
                    );
                }
            }
        }
    }

    private void Fetch(string hash, Span<byte> place)
    {
        string path = ImageFormat.ChunkPath(_folder, hash);
        int read = 0;
        try
        {
            using var file = File.OpenHandle(path);
            while (read < place.Length)
            {
                int got = RandomAccess.Read(file, place[read..], read);
                if (got == 0)
                {
                    break;
                }
                read += got;
            }
        }
        catch (Exception failure) when (failure is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new ImageException(ImageFault.Truncated, $"{path} is not there: the image is not whole");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new ImageException(ImageFault.Damaged, $"{path} cannot be read: {failure.Message}");
        }
        if (read < place.Length)
        {
            throw new ImageException(ImageFault.Truncated, $"{path} ends after {read} of {place.Length} bytes");
        }
    }
}
