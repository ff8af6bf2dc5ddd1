using System.Buffers.Binary;
using System.Text;

namespace Weir.Images;

/// <summary>
/// Sends a folder's image over a stream to an <see cref="ImageReceiver"/>, whose folder may have chunks already: the manifest goes first, then what
/// the other side lacks. All numbers are i32, little-endian.
/// <code>
/// sender    length of the manifest's file · the file
/// receiver  number of chunks it lacks · their places among the different chunks, in the order of the manifest; or −1 · length · a text
/// sender    for each of them: length · content
/// receiver  0; or −1 · length · a text
/// </code>
/// </summary>
internal static class ImageSender
{
    private const int MaxTextBytes = 4096;

    /// <summary>Sends the image; returns the bytes of chunks that went over. Nobody writes to the folder meanwhile.</summary>
    /// <exception cref="ImageException">The image is not whole.</exception>
    /// <exception cref="IOException">The connection broke, or the receiver refused; says why.</exception>
    public static long Send(Stream stream, string folder)
    {
        byte[] file = File.ReadAllBytes(Path.Combine(folder, ImageFormat.ManifestName));
        Manifest manifest = ImageFormat.Decode(file, folder);
        Write(stream, file.Length);
        stream.Write(file);
        stream.Flush();
        int count = Answer(stream);
        List<(string Hash, int Bytes)> all = Chunks(manifest);
        int[] places = new int[count];
        byte[] words = new byte[(long)count * sizeof(int)];
        stream.ReadExactly(words);
        for (int i = 0; i < count; i++)
        {
            places[i] = BinaryPrimitives.ReadInt32LittleEndian(words.AsSpan(i * sizeof(int)));
        }
        byte[] content = new byte[ImageFormat.ChunkBytes];
        long sent = 0;
        foreach (int place in places)
        {
            if (place < 0 || place >= all.Count)
            {
                throw new IOException("the receiver of an image asks for a chunk that it does not have");
            }
            (string hash, int bytes) = all[place];
            Read(ImageFormat.ChunkPath(folder, hash), content.AsSpan(0, bytes));
            Write(stream, bytes);
            stream.Write(content, 0, bytes);
            sent += bytes;
        }
        stream.Flush();
        _ = Answer(stream);
        return sent;
    }

    /// <summary>The different chunks that are stored, in the order in which the manifest names them, with their sizes in bytes.</summary>
    public static List<(string Hash, int Bytes)> Chunks(Manifest manifest)
    {
        List<(string, int)> all = [];
        HashSet<string> seen = [];
        foreach (ManifestPart part in manifest.Parts)
        {
            for (int index = 0; index < part.Chunks.Count; index++)
            {
                if (part.Chunks[index].Length > 0 && seen.Add(part.Chunks[index]))
                {
                    ulong left = part.Bytes - (ulong)index * ImageFormat.ChunkBytes;
                    all.Add((part.Chunks[index], (int)Math.Min(ImageFormat.ChunkBytes, left)));
                }
            }
        }
        return all;
    }

    private static int Answer(Stream stream)
    {
        int number = ReadInt(stream);
        if (number >= 0)
        {
            return number;
        }
        int length = ReadInt(stream);
        byte[] text = new byte[Math.Clamp(length, 0, MaxTextBytes)];
        stream.ReadExactly(text);
        throw new IOException(Encoding.UTF8.GetString(text));
    }

    private static void Read(string path, Span<byte> content)
    {
        using var file = File.OpenHandle(path);
        int read = 0;
        while (read < content.Length)
        {
            int got = RandomAccess.Read(file, content[read..], read);
            if (got == 0)
            {
                throw new ImageException(ImageFault.Truncated, $"{path} ends after {read} of {content.Length} bytes");
            }
            read += got;
        }
    }

    private static int ReadInt(Stream stream)
    {
        Span<byte> word = stackalloc byte[sizeof(int)];
        stream.ReadExactly(word);
        return BinaryPrimitives.ReadInt32LittleEndian(word);
    }

    private static void Write(Stream stream, int number)
    {
        Span<byte> word = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(word, number);
        stream.Write(word);
    }
}
