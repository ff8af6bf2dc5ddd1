using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Weir.Images;

/// <summary>Receives what an <see cref="ImageSender"/> sends into a folder, whose last image stays whole until the new one is. Nothing of it is believed.</summary>
internal static class ImageReceiver
{
    private const int MaxManifestBytes = 64 << 20;
    private const int MaxTextBytes = 4096;

    /// <summary>Receives an image; returns the bytes of chunks that came.</summary>
    /// <exception cref="ImageException">What came is no image, or a chunk is not what its name says; the sender has been told.</exception>
    /// <exception cref="IOException">The connection broke, or the folder cannot be written; then the sender has been told.</exception>
    public static long Receive(Stream stream, string folder)
    {
        int length = ReadInt(stream);
        if (length is <= 0 or > MaxManifestBytes)
        {
            throw new ImageException(ImageFault.Malformed, "an image that is sent has an impossible manifest");
        }
        byte[] file = new byte[length];
        stream.ReadExactly(file);
        try
        {
            Manifest manifest = ImageFormat.Decode(file, "the manifest that was sent");
            List<(string Hash, int Bytes)> all = ImageSender.Chunks(manifest);
            int[] missing = [.. Enumerable.Range(0, all.Count).Where(place => !Has(folder, all[place]))];
            byte[] words = new byte[(missing.Length + 1) * sizeof(int)];
            BinaryPrimitives.WriteInt32LittleEndian(words, missing.Length);
            for (int i = 0; i < missing.Length; i++)
            {
                BinaryPrimitives.WriteInt32LittleEndian(words.AsSpan((i + 1) * sizeof(int)), missing[i]);
            }
            stream.Write(words);
            stream.Flush();
            long received = 0;
            byte[] content = new byte[ImageFormat.ChunkBytes];
            foreach (int place in missing)
            {
                Take(stream, folder, all[place], content);
                received += all[place].Bytes;
            }
            string path = Path.Combine(folder, ImageFormat.ManifestName);
            File.WriteAllBytes(path + ".new", file);
            File.Move(path + ".new", path, overwrite: true);
            RemoveOthers(folder, [.. all.Select(one => one.Hash)]);
            stream.Write(new byte[sizeof(int)]);
            stream.Flush();
            return received;
        }
        catch (Exception failure) when (failure is ImageException or UnauthorizedAccessException or IOException)
        {
            Refuse(stream, failure.Message);
            throw;
        }
    }

    private static void Take(Stream stream, string folder, (string Hash, int Bytes) chunk, byte[] content)
    {
        if (ReadInt(stream) != chunk.Bytes)
        {
            throw new ImageException(ImageFault.Malformed, "a chunk that was sent has the wrong size");
        }
        Span<byte> piece = content.AsSpan(0, chunk.Bytes);
        stream.ReadExactly(piece);
        if (Convert.ToHexStringLower(SHA256.HashData(piece)) != chunk.Hash)
        {
            throw new ImageException(ImageFault.Damaged, "a chunk that was sent is not what its name says");
        }
        string path = ImageFormat.ChunkPath(folder, chunk.Hash);
        _ = Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        // Never half a chunk under its name.
        using (var file = File.OpenHandle(path + ".new", FileMode.Create, FileAccess.Write))
        {
            RandomAccess.Write(file, piece, 0);
        }
        File.Move(path + ".new", path, overwrite: true);
    }

    private static bool Has(string folder, (string Hash, int Bytes) chunk)
    {
        var file = new FileInfo(ImageFormat.ChunkPath(folder, chunk.Hash));
        return file.Exists && file.Length == chunk.Bytes;
    }

    private static void RemoveOthers(string folder, HashSet<string> used)
    {
        string chunks = Path.Combine(folder, ImageFormat.ChunkFolder);
        if (!Directory.Exists(chunks))
        {
            return;
        }
        foreach (string path in Directory.EnumerateFiles(chunks, "*", SearchOption.AllDirectories))
        {
            if (!used.Contains(Path.GetFileName(path)))
            {
                File.Delete(path);
            }
        }
    }

    private static void Refuse(Stream stream, string reason)
    {
        try
        {
            byte[] text = Encoding.UTF8.GetBytes(reason[..Math.Min(reason.Length, MaxTextBytes / 4)]);
            byte[] words = new byte[2 * sizeof(int)];
            BinaryPrimitives.WriteInt32LittleEndian(words, -1);
            BinaryPrimitives.WriteInt32LittleEndian(words.AsSpan(sizeof(int)), text.Length);
            stream.Write([.. words, .. text]);
            stream.Flush();
        }
        catch (Exception failure) when (failure is IOException or ObjectDisposedException)
        {
            // The connection is what broke.
        }
    }

    private static int ReadInt(Stream stream)
    {
        Span<byte> word = stackalloc byte[sizeof(int)];
        stream.ReadExactly(word);
        return BinaryPrimitives.ReadInt32LittleEndian(word);
    }
}
