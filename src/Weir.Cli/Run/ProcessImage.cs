using System.Runtime.InteropServices;

namespace Weir.Cli.Run;

/// <summary>Replaces this process by another program (execve).</summary>
internal static unsafe partial class ProcessImage
{
    private const int SigPipe = 13;
    private const int SetMask = 2;

    /// <summary>
    /// Becomes <paramref name="path"/> with <paramref name="arguments"/> (the first is the program's own name) and this
    /// process' environment. Returns only on failure, with the exit code to end with.
    /// </summary>
    public static int Replace(string path, IReadOnlyList<string> arguments)
    {
        // The .NET runtime ignores SIGPIPE, and exec hands that down; what it was before cannot be known any more.
        Signal(SigPipe, 0);
        byte* none = stackalloc byte[128];
        new Span<byte>(none, 128).Clear();
        _ = SigProcMask(SetMask, none, null);

        var argv = (byte**)NativeMemory.AllocZeroed((nuint)(arguments.Count + 1), (nuint)sizeof(byte*));
        for (int i = 0; i < arguments.Count; i++)
        {
            argv[i] = (byte*)Marshal.StringToCoTaskMemUTF8(arguments[i]);
        }
        _ = ExecV((byte*)Marshal.StringToCoTaskMemUTF8(path), argv);
        int error = Marshal.GetLastPInvokeError();
        Console.Error.WriteLine($"weir: cannot start {path}: {Marshal.GetPInvokeErrorMessage(error)}");
        return ExitCodes.CannotStart;
    }

    [LibraryImport("libc", EntryPoint = "execv", SetLastError = true)]
    private static partial int ExecV(byte* path, byte** argv);

    [LibraryImport("libc", EntryPoint = "signal")]
    private static partial nint Signal(int signal, nint handler);

    [LibraryImport("libc", EntryPoint = "sigprocmask")]
    private static partial int SigProcMask(int how, byte* set, byte* old);
}
