using System.IO.Compression;
using System.Text;

namespace Weir.Conformance.Tests;

/// <summary>
/// The PTX texts inside ffmpeg's filter library (gzip members), read from the installed library when a test runs.
/// </summary>
internal static class FfmpegModules
{
    private static readonly Lazy<IReadOnlyList<string>> Texts = new(() => Extract());

    public static IReadOnlyList<string> All => Texts.Value;

    /// <summary>The module that has an entry of this name.</summary>
    public static string With(string entry) => All.First(t => t.Contains($".entry {entry}(", StringComparison.Ordinal));

    private static List<string> Extract()
    {
        var library = File.ReadAllBytes(Library());
        var texts = new List<string>();
        ReadOnlySpan<byte> magic = [0x1f, 0x8b, 0x08];
        for (var at = 0; at < library.Length; )
        {
            var found = library.AsSpan(at).IndexOf(magic);
            if (found < 0)
            {
                break;
            }
            at += found;
            if (TryUnpack(library, at) is { } text)
            {
                texts.Add(text);
            }
            at += magic.Length;
        }
        return texts;
    }

    private static string? TryUnpack(byte[] library, int at)
    {
        try
        {
            using var gzip = new GZipStream(
                new MemoryStream(library, at, library.Length - at),
                CompressionMode.Decompress
            );
            var head = new byte[512];
            var length = gzip.ReadAtLeast(head, head.Length, throwOnEndOfStream: false);
            if (!Encoding.Latin1.GetString(head, 0, length).Contains(".version"))
            {
                return null;
            }
            var whole = new MemoryStream();
            whole.Write(head, 0, length);
            CopyMember(gzip, whole);
            return Encoding.Latin1.GetString(whole.ToArray()).TrimEnd('\0');
        }
        catch (InvalidDataException)
        {
            return null; // the three bytes happened to be there
        }
    }

    /// <summary>What follows the member is no gzip; the stream complains about it after the last good byte.</summary>
    private static void CopyMember(GZipStream gzip, MemoryStream whole)
    {
        var buffer = new byte[65536];
        try
        {
            for (int n; (n = gzip.Read(buffer)) > 0; )
            {
                whole.Write(buffer, 0, n);
            }
        }
        catch (InvalidDataException) { }
    }

    private static string Library()
    {
        var folders = (Environment.GetEnvironmentVariable("LD_LIBRARY_PATH") ?? "")
            .Split(':', StringSplitOptions.RemoveEmptyEntries)
            .Append("/usr/lib/x86_64-linux-gnu")
            .Append(
                Path.Combine(Environment.GetEnvironmentVariable("WEIR_ROOT") ?? "", ".deps/usr/lib/x86_64-linux-gnu")
            );
        return folders
                .Where(Directory.Exists)
                .SelectMany(f => Directory.GetFiles(f, "libavfilter.so.*"))
                .FirstOrDefault()
            ?? throw new FileNotFoundException("libavfilter.so.* is not installed (Debian package ffmpeg)");
    }
}
