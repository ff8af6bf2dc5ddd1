namespace Weir.Worker.Logging;

/// <summary>Where Weir keeps what outlives a run: `$XDG_STATE_HOME/weir`, by default `~/.local/state/weir`.</summary>
internal static class StateDirectory
{
    /// <summary>Logs, one file per run that had something to say.</summary>
    public static string? Logs => Folder("log");

    /// <summary>Session summaries, one JSON file each.</summary>
    public static string? Sessions => Folder("sessions");

    /// <summary>Files without names, for device memory that neither its device nor the host has room for.</summary>
    public static string? Pages => Folder("pages");

    /// <summary>Images of running sessions that nobody named a folder for.</summary>
    public static string? Images => Folder("images");

    // Null where nothing can be written: runs work without a state directory.
    private static string? Folder(string name)
    {
        string? root = Environment.GetEnvironmentVariable("XDG_STATE_HOME");
        if (string.IsNullOrEmpty(root) || !Path.IsPathRooted(root))
        {
            string? home = Environment.GetEnvironmentVariable("HOME");
            root = string.IsNullOrEmpty(home) ? null : Path.Combine(home, ".local", "state");
        }
        if (root is null)
        {
            return null;
        }
        try
        {
            string folder = Path.Combine(root, "weir", name);
            _ = Directory.CreateDirectory(
                folder,
                UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
            );
            return folder;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>
    /// Deletes the oldest files of a folder until <paramref name="keep"/> are left. File names begin with the time, so
    /// their order is that of age.
    /// </summary>
    public static void KeepNewest(string folder, string pattern, int keep)
    {
        try
        {
            string[] files = Directory.GetFiles(folder, pattern);
            Array.Sort(files, StringComparer.Ordinal);
            for (int i = 0; i < files.Length - keep; i++)
            {
                File.Delete(files[i]);
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // Another process tidies the same folder, or it is read-only: what is left over is deleted next time.
        }
    }
}
