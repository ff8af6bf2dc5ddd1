using System.Text;

namespace Weir.Images.Tests;

/// <summary>What is written comes back, and what is written again costs only what changed.</summary>
public sealed class ImageTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("weir-image-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void What_is_written_comes_back()
    {
        byte[] memory = Pattern(5 * ImageFormat.ChunkBytes, 1);
        Write([.. Encoding.UTF8.GetBytes("a section")], memory);
        ImageReader reader = ImageReader.Open(_folder);
        reader.Verify();
        Assert.Equal("test", reader.Property("program"));
        Assert.Equal("a section", Encoding.UTF8.GetString(reader.Section("note")));
        Assert.Equal(memory, Memory(reader));
        Assert.Equal(0x40000000UL, reader.Find("memory")!.Address);
    }

    [Fact]
    public void The_second_image_costs_what_changed_and_what_is_not_used_any_more_goes()
    {
        byte[] memory = Pattern(8 * ImageFormat.ChunkBytes, 1);
        long first = Write([], memory);
        Assert.Equal(memory.Length, first);
        memory[3 * ImageFormat.ChunkBytes + 17] ^= 0xFF;
        Assert.Equal(ImageFormat.ChunkBytes, Write([], memory));
        Assert.Equal(0, Write([], memory));
        Assert.Equal(8, Chunks().Length);
        Assert.Equal(memory, Memory(ImageReader.Open(_folder)));
        _ = Write([], Pattern(ImageFormat.ChunkBytes, 9));
        _ = Assert.Single(Chunks());
    }

    [Fact]
    public void Zeros_are_not_stored_and_equal_chunks_once()
    {
        byte[] memory = new byte[4 * ImageFormat.ChunkBytes];
        Pattern(ImageFormat.ChunkBytes, 5).CopyTo(memory, 0);
        Pattern(ImageFormat.ChunkBytes, 5).CopyTo(memory, 3 * ImageFormat.ChunkBytes);
        Assert.Equal(ImageFormat.ChunkBytes, Write([], memory));
        _ = Assert.Single(Chunks());
        Assert.Equal(memory, Memory(ImageReader.Open(_folder)));
    }

    [Fact]
    public void What_is_kept_from_the_last_image_is_not_even_looked_at()
    {
        byte[] memory = Pattern(4 * ImageFormat.ChunkBytes, 1);
        _ = Write([], memory);
        using (ImageWriter writer = ImageWriter.Begin(_folder))
        {
            writer.Property("program", "test");
            Assert.True(writer.TryKeep("memory", 0x40000000));
            Assert.False(writer.TryKeep("memory", 0x40000000 + 4 * ImageFormat.ChunkBytes));
            Assert.False(writer.TryKeep("other", 0x40000000));
            writer.Memory("memory", 0x40000000 + ImageFormat.ChunkBytes, "");
            Assert.True(writer.TryKeep("memory", 0x40000000 + 2 * ImageFormat.ChunkBytes));
            writer.Commit(isDurable: true);
            Assert.Equal(0, writer.WrittenBytes);
        }
        memory.AsSpan(ImageFormat.ChunkBytes, ImageFormat.ChunkBytes).Clear();
        Assert.Equal(memory[..(3 * ImageFormat.ChunkBytes)], Memory(ImageReader.Open(_folder)));
        Assert.Equal(2, Chunks().Length);
    }

    [Fact]
    public void An_image_that_is_given_up_leaves_the_last_one()
    {
        byte[] memory = Pattern(2 * ImageFormat.ChunkBytes, 1);
        _ = Write([], memory);
        using (ImageWriter writer = ImageWriter.Begin(_folder))
        {
            writer.Section("note", Pattern(3 * ImageFormat.ChunkBytes, 2));
        }
        Assert.Equal(2, Chunks().Length);
        Assert.Equal(memory, Memory(ImageReader.Open(_folder)));
    }

    [Fact]
    public void Two_do_not_write_into_one_folder_and_a_folder_with_other_things_is_left_alone()
    {
        using (ImageWriter.Begin(_folder))
        {
            _ = Assert.Throws<IOException>(() => ImageWriter.Begin(_folder));
        }
        string other = Path.Combine(_folder, "other");
        _ = Directory.CreateDirectory(other);
        File.WriteAllText(Path.Combine(other, "letter"), "dear");
        Assert.Contains("not empty", Assert.Throws<IOException>(() => ImageWriter.Begin(other)).Message);
    }

    [Fact]
    public void A_chunk_that_a_broken_attempt_left_is_not_trusted()
    {
        byte[] memory = Pattern(ImageFormat.ChunkBytes, 1);
        _ = Write([], memory);
        string chunk = Assert.Single(Chunks());
        File.Delete(Path.Combine(_folder, ImageFormat.ManifestName));
        File.WriteAllBytes(chunk, new byte[100]);
        _ = Write([], memory);
        Assert.Equal(memory, Memory(ImageReader.Open(_folder)));
    }

    private string[] Chunks() =>
        Directory.GetFiles(Path.Combine(_folder, ImageFormat.ChunkFolder), "*", SearchOption.AllDirectories);

    private long Write(byte[] section, byte[] memory)
    {
        using ImageWriter writer = ImageWriter.Begin(_folder);
        writer.Property("program", "test");
        writer.Section("note", section);
        for (int offset = 0; offset < memory.Length; offset += ImageFormat.ChunkBytes)
        {
            string hash = writer.Store(memory.AsSpan(offset, ImageFormat.ChunkBytes));
            writer.Memory("memory", 0x40000000 + (ulong)offset, hash);
        }
        writer.Commit(isDurable: true);
        Assert.Equal(section.Length + memory.Length, writer.TotalBytes);
        return writer.WrittenBytes - (section.Length > 0 ? section.Length : 0);
    }

    private static byte[] Memory(ImageReader reader) => reader.Section("memory");

    private static byte[] Pattern(int bytes, int seed)
    {
        byte[] pattern = new byte[bytes];
        new Random(seed).NextBytes(pattern);
        return pattern;
    }
}
