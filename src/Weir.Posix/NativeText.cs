using System.Runtime.InteropServices;
using System.Text;

namespace Weir.Posix;

/// <summary>
/// Text that belongs to someone else (arguments, environment, paths) as strings of one character per byte, so that
/// whatever bytes came in go out unchanged, valid UTF-8 or not.
/// </summary>
internal static unsafe class NativeText
{
    /// <summary>The bytes up to the first NUL.</summary>
    public static string Read(byte* text) =>
        Encoding.Latin1.GetString(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(text));

    /// <summary>Unmanaged, NUL-terminated copy; belongs to the caller, who usually execs.</summary>
    public static byte* Allocate(string text)
    {
        var copy = (byte*)NativeMemory.Alloc((nuint)text.Length + 1);
        int length = Encoding.Latin1.GetBytes(text, new Span<byte>(copy, text.Length));
        copy[length] = 0;
        return copy;
    }

    /// <summary>Unmanaged NULL-terminated array of copies.</summary>
    public static byte** Allocate(IReadOnlyList<string> texts)
    {
        var array = (byte**)NativeMemory.AllocZeroed((nuint)texts.Count + 1, (nuint)sizeof(byte*));
        for (int i = 0; i < texts.Count; i++)
        {
            array[i] = Allocate(texts[i]);
        }
        return array;
    }

    /// <summary>Frees what <see cref="Allocate(IReadOnlyList{string})"/> gave.</summary>
    public static void Free(byte** texts)
    {
        for (byte** text = texts; *text != null; text++)
        {
            NativeMemory.Free(*text);
        }
        NativeMemory.Free(texts);
    }

    /// <summary>This process' arguments, the program's own name first.</summary>
    public static List<string> Arguments()
    {
        string all = Encoding.Latin1.GetString(File.ReadAllBytes("/proc/self/cmdline"));
        return [.. (all.EndsWith('\0') ? all[..^1] : all).Split('\0')];
    }

    /// <summary>This process' environment as NAME=value lines.</summary>
    public static List<string> Environment()
    {
        List<string> lines = [];
        for (byte** entry = Libc.Environment; *entry != null; entry++)
        {
            lines.Add(Read(*entry));
        }
        return lines;
    }

    /// <summary>Value of a variable, or null.</summary>
    public static string? Variable(string name)
    {
        string prefix = name + "=";
        return NativeText
            .Environment()
            .Find(line => line.StartsWith(prefix, StringComparison.Ordinal))
            ?[prefix.Length..];
    }

    /// <summary>UTF-8 text (this program's own) in the one-character-per-byte form.</summary>
    public static string FromUtf8(string text) => Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(text));

    /// <summary>For messages: the one-character-per-byte form read as UTF-8.</summary>
    public static string ToDisplay(string text) => Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(text));
}
