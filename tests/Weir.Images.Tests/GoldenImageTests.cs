using System.Runtime.CompilerServices;
using System.Text;

namespace Weir.Images.Tests;

/// <summary>Images as released versions wrote them can still be read.</summary>
public class GoldenImageTests
{
    [Theory]
    [InlineData("version1")]
    public void An_image_of_an_earlier_version_is_read(string version)
    {
        ImageReader reader = ImageReader.Open(Path.Combine(Folder(), version));
        reader.Verify();
        Assert.Equal("session", reader.Property("kind"));
        Assert.Equal("a journal, as bytes", Encoding.UTF8.GetString(reader.Section("journal")));
        ManifestPart memory = reader.Find("memory")!;
        Assert.Equal((0x500000000000UL, 2UL * ImageFormat.ChunkBytes + 4096), (memory.Address, memory.Bytes));
        byte[] content = reader.Section("memory");
        Assert.Equal(-1, content.AsSpan(0, 2 * ImageFormat.ChunkBytes).IndexOfAnyExcept((byte)0));
        for (int i = 0; i < 4096; i++)
        {
            Assert.Equal((byte)(i * 7), content[2 * ImageFormat.ChunkBytes + i]);
        }
    }

    private static string Folder([CallerFilePath] string here = "") =>
        Path.Combine(Path.GetDirectoryName(here)!, "Golden");
}
