namespace Weir.Shim.Guest;

/// <summary>
/// The shim is silent unless <c>WEIR_LOG</c> is set: a file that lines are appended to, or <c>stderr</c>. One write per line.
/// </summary>
internal static unsafe class Log
{
    private const int AppendCreateCloexec = 1 | 0x40 | 0x400 | 0x80000;

    /// <summary>Write "weir: <paramref name="text"/>" and, when not null, a NUL-terminated <paramref name="detail"/>.</summary>
    internal static void Line(ReadOnlySpan<byte> text, byte* detail = null)
    {
        byte* target;
        fixed (byte* name = "WEIR_LOG\0"u8)
        {
            target = GuestLibc.GetEnv(name);
        }
        if (target == null || *target == 0)
        {
            return;
        }

        const int capacity = 1024;
        var line = stackalloc byte[capacity];
        var length = 0;
        Append(line, ref length, "weir: "u8);
        Append(line, ref length, text);
        if (detail != null)
        {
            line[length++] = (byte)' ';
            while (*detail != 0 && length < capacity - 1)
            {
                line[length++] = *detail++;
            }
        }
        line[length++] = (byte)'\n';

        var isStderr = false;
        fixed (byte* stderr = "stderr\0"u8)
        {
            isStderr =
                GuestLibc.Compare(target, stderr, GuestLibc.Length(target) < 6 ? GuestLibc.Length(target) + 1 : 7) == 0;
        }
        var descriptor = isStderr ? 2 : GuestLibc.Open(target, AppendCreateCloexec, 0x180);
        if (descriptor < 0)
        {
            return;
        }
        _ = GuestLibc.Write(descriptor, line, (nuint)length);
        if (!isStderr)
        {
            _ = GuestLibc.Close(descriptor);
        }
    }

    private static void Append(byte* line, ref int length, ReadOnlySpan<byte> text)
    {
        // Leaves room for a separator and the line end; texts are constants of this library.
        for (var i = 0; i < text.Length && length < 1000; i++)
        {
            line[length++] = text[i];
        }
    }
}
