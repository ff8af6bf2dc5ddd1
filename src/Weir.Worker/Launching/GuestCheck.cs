using System.Buffers.Binary;
using System.Text;
using Weir.Posix;

namespace Weir.Worker.Launching;

/// <summary>
/// Tells before the start whether a program can load the shim at all: a musl program or one with an old C library of its
/// own would otherwise end in a loader's riddle.
/// </summary>
internal static class GuestCheck
{
    private const int ProgramHeaderInterpreter = 3;
    private const int MaxLibraryBytes = 32 << 20;

    /// <summary>
    /// One sentence when <paramref name="program"/> cannot load <paramref name="shim"/>, else null (also for scripts and
    /// for what cannot be read: the attempt decides then).
    /// </summary>
    public static string? Explain(string program, string shim)
    {
        string? interpreter = ReadInterpreter(NativeText.ToDisplay(program));
        if (interpreter is null)
        {
            return null;
        }
        if (Path.GetFileName(interpreter).StartsWith("ld-musl", StringComparison.Ordinal))
        {
            return "the program is built for musl; Weir's library needs a program built for glibc";
        }
        string library = Path.Combine(Path.GetDirectoryName(interpreter)!, "libc.so.6");
        // Debian and others link the loader's folder to the one of the libraries.
        string real = ResolveFolder(interpreter) is { } folder ? Path.Combine(folder, "libc.so.6") : library;
        int has = HighestGlibc(File.Exists(real) ? real : library);
        int needs = HighestGlibc(shim);
        return has != 0 && needs > has
            ? $"the program runs on glibc 2.{has}; Weir's library needs glibc 2.{needs} or newer"
            : null;
    }

    /// <summary>The loader that an ELF program names, or null when it is no 64-bit ELF program or names none.</summary>
    public static string? ReadInterpreter(string path)
    {
        try
        {
            using FileStream file = File.OpenRead(path);
            Span<byte> header = stackalloc byte[64];
            if (file.ReadAtLeast(header, 64, false) < 64 || !header.StartsWith("\u007fELF\u0002\u0001"u8))
            {
                return null;
            }
            long table = BinaryPrimitives.ReadInt64LittleEndian(header[32..]);
            int size = BinaryPrimitives.ReadUInt16LittleEndian(header[54..]);
            int count = BinaryPrimitives.ReadUInt16LittleEndian(header[56..]);
            Span<byte> entry = stackalloc byte[56];
            for (int i = 0; i < count && size >= 56; i++)
            {
                file.Position = table + (long)i * size;
                if (file.ReadAtLeast(entry, 56, false) < 56)
                {
                    return null;
                }
                if (BinaryPrimitives.ReadInt32LittleEndian(entry) == ProgramHeaderInterpreter)
                {
                    long length = BinaryPrimitives.ReadInt64LittleEndian(entry[32..]);
                    if (length is < 2 or > 4096)
                    {
                        return null;
                    }
                    file.Position = BinaryPrimitives.ReadInt64LittleEndian(entry[8..]);
                    byte[] text = new byte[length];
                    return file.ReadAtLeast(text, text.Length, false) == text.Length
                        ? Encoding.UTF8.GetString(text).TrimEnd('\0')
                        : null;
                }
            }
            return null;
        }
        catch (Exception failure)
            when (failure is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            return null;
        }
    }

    /// <summary>
    /// n of the highest version name GLIBC_2.n in a library: what a C library offers, or what another one needs.
    /// 0 when there is none.
    /// </summary>
    public static int HighestGlibc(string path)
    {
        try
        {
            if (new FileInfo(path).Length > MaxLibraryBytes)
            {
                return 0;
            }
            ReadOnlySpan<byte> rest = File.ReadAllBytes(path);
            ReadOnlySpan<byte> prefix = "\0GLIBC_2."u8;
            int highest = 0;
            for (int at = rest.IndexOf(prefix); at >= 0; at = rest.IndexOf(prefix))
            {
                rest = rest[(at + prefix.Length)..];
                int n = 0;
                int digits = 0;
                while (digits < 3 && digits < rest.Length && char.IsAsciiDigit((char)rest[digits]))
                {
                    n = n * 10 + rest[digits++] - '0';
                }
                highest = Math.Max(highest, n);
            }
            return highest;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return 0;
        }
    }

    private static string? ResolveFolder(string path)
    {
        try
        {
            string? target = File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName;
            return Path.GetDirectoryName(target ?? path);
        }
        catch (IOException)
        {
            return null;
        }
    }
}
