using Weir.Posix;

namespace Weir.Worker.Launching;

/// <summary>Finds the program as a shell would, and says why when it cannot be run.</summary>
internal static unsafe class ProgramFile
{
    /// <summary>Exit codes of shells for these two cases.</summary>
    public const int NotFound = 127;

    /// <inheritdoc cref="NotFound"/>
    public const int NotExecutable = 126;

    /// <summary>
    /// Path of <paramref name="name"/> (itself when it has a slash, else by PATH). On failure <paramref name="exitCode"/>
    /// and <paramref name="reason"/> say what a shell would.
    /// </summary>
    public static string? Find(string name, string? searchPath, out int exitCode, out string reason)
    {
        (exitCode, reason) = (NotFound, "command not found");
        if (name.Contains('/'))
        {
            if (IsExecutable(name))
            {
                return name;
            }
            (exitCode, reason) = Exists(name)
                ? (NotExecutable, IsDirectory(name) ? "Is a directory" : "Permission denied")
                : (NotFound, "No such file or directory");
            return null;
        }
        foreach (string folder in (searchPath ?? "/usr/local/bin:/usr/bin:/bin").Split(':'))
        {
            string candidate = folder.Length == 0 ? name : folder + "/" + name;
            if (IsExecutable(candidate))
            {
                return candidate;
            }
            if (Exists(candidate) && !IsDirectory(candidate))
            {
                (exitCode, reason) = (NotExecutable, "Permission denied");
            }
        }
        return null;
    }

    private static bool IsExecutable(string path)
    {
        byte* native = NativeText.Allocate(path);
        return Libc.access(native, Libc.X_OK) == 0 && !IsDirectory(path);
    }

    private static bool Exists(string path)
    {
        byte* native = NativeText.Allocate(path);
        return Libc.access(native, 0) == 0;
    }

    private static bool IsDirectory(string path) => Directory.Exists(NativeText.ToDisplay(path));
}
