using System.Security.Cryptography;
using System.Text;
using FsCheck;
using FsCheck.Fluent;

namespace Weir.Images.Tests;

/// <summary>Whatever lies in the folder, it is refused by name or it is what was written.</summary>
public sealed class HostileImageTests : IDisposable
{
    private const int MostRuns = 400;
    private readonly string _folder = Directory.CreateTempSubdirectory("weir-image-").FullName;

    private string Manifest => Path.Combine(_folder, ImageFormat.ManifestName);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(null, "Missing")]
    [InlineData("", "Truncated")]
    [InlineData("weir-im", "Truncated")]
    [InlineData("PK\u0003\u0004 something else altogether", "Foreign")]
    [InlineData("weir-image x 3 00\n", "Foreign")]
    [InlineData("weir-image 2 3 00\n{}", "Newer")]
    [InlineData("weir-image 1 3\n{}", "Damaged")]
    [InlineData("weir-image 1 3 zz\n{}", "Damaged")]
    [InlineData("weir-image 1 99999999999 zz\n{}", "Damaged")]
    public void What_is_no_image_is_refused_by_name(string? manifest, string fault)
    {
        if (manifest is not null)
        {
            File.WriteAllText(Manifest, manifest);
        }
        Assert.Equal(fault, Assert.Throws<ImageException>(() => ImageReader.Open(_folder)).Fault.ToString());
    }

    [Theory]
    [InlineData("""{"properties":{},"parts":[{"name":"a","address":0,"bytes":5,"chunks":[]}]}""")]
    [InlineData("""{"properties":{},"parts":[{"name":"a","address":0,"bytes":5,"chunks":["../../../etc/passwd"]}]}""")]
    [InlineData("""{"properties":{},"parts":[{"name":"a","address":18446744073709551615,"bytes":5,"chunks":[""]}]}""")]
    [InlineData("""{"properties":{},"parts":[{"name":"a","address":0,"bytes":999999999999999999,"chunks":[""]}]}""")]
    [InlineData("""{"properties":{},"parts":[null]}""")]
    [InlineData("""{"properties":{}}""")]
    [InlineData("""{"properties":null,"parts":null}""")]
    [InlineData("[]")]
    [InlineData("null")]
    public void What_says_the_impossible_is_refused(string json)
    {
        File.WriteAllText(Manifest, Signed(json));
        Assert.Equal(ImageFault.Malformed, Assert.Throws<ImageException>(() => ImageReader.Open(_folder)).Fault);
    }

    [Fact]
    public void A_chunk_that_is_missing_short_or_altered_is_noticed()
    {
        Write(Pattern(100_000, 1));
        string chunk = Directory
            .GetFiles(_folder, "*", SearchOption.AllDirectories)
            .Single(path => path.Contains("chunks"));
        byte[] whole = File.ReadAllBytes(chunk);
        File.Delete(chunk);
        Assert.Equal(ImageFault.Truncated, FaultOfReading());
        File.WriteAllBytes(chunk, whole[..^1]);
        Assert.Equal(ImageFault.Truncated, FaultOfReading());
        whole[5] ^= 1;
        File.WriteAllBytes(chunk, whole);
        Assert.Equal(ImageFault.Damaged, FaultOfReading());
    }

    [Fact]
    public void No_altered_manifest_is_believed()
    {
        byte[] memory = Pattern(5000, 2);
        Write(memory);
        byte[] whole = File.ReadAllBytes(Manifest);
        Gen<byte[]> altered = Gen.OneOf(
            from place in Gen.Choose(0, whole.Length - 1)
            from bit in Gen.Choose(0, 7)
            select Flip(whole, place, bit),
            Gen.Choose(0, whole.Length - 1).Select(length => whole[..length]),
            Gen.Choose(0, 255).ListOf().Select(bytes => (byte[])[.. whole, .. bytes.Select(b => (byte)b)]),
            Gen.Choose(0, 255).ListOf().Select(bytes => (byte[])[.. bytes.Select(b => (byte)b)])
        );
        Property holds = Prop.ForAll(
            altered.ToArbitrary(),
            bytes =>
            {
                File.WriteAllBytes(Manifest, bytes);
                try
                {
                    ImageReader reader = ImageReader.Open(_folder);
                    return reader.Section("memory").AsSpan().SequenceEqual(memory);
                }
                catch (ImageException)
                {
                    return true;
                }
            }
        );
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(MostRuns).WithReplay(20261121, 17), holds);
    }

    private ImageFault FaultOfReading() =>
        Assert.Throws<ImageException>(() => ImageReader.Open(_folder).Verify()).Fault;

    private void Write(byte[] memory)
    {
        using ImageWriter writer = ImageWriter.Begin(_folder);
        writer.Section("memory", memory);
        writer.Commit(isDurable: true);
    }

    private static byte[] Flip(byte[] bytes, int place, int bit)
    {
        byte[] copy = [.. bytes];
        copy[place] ^= (byte)(1 << bit);
        return copy;
    }

    private static byte[] Pattern(int bytes, int seed)
    {
        byte[] pattern = new byte[bytes];
        new Random(seed).NextBytes(pattern);
        return pattern;
    }

    private static string Signed(string json)
    {
        byte[] body = Encoding.UTF8.GetBytes(json);
        return $"weir-image 1 {body.Length} {Convert.ToHexStringLower(SHA256.HashData(body))}\n{json}";
    }
}
