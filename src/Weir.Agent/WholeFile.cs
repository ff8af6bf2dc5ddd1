namespace Weir.Agent;

/// <summary>Files that a reader finds whole or not at all.</summary>
internal static class WholeFile
{
    /// <summary>
    /// Makes a file of zeros whose room is taken, for the owner only. A file that is only said to be so long would end whoever writes into its
    /// mapped pages when the disk is full.
    /// </summary>
    /// <exception cref="IOException">There is no room; nothing is left of it.</exception>
    public static void Reserve(string path, long bytes)
    {
        using var file = new FileStream(
            path,
            new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.Write,
                PreallocationSize = bytes,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            }
        );
        file.SetLength(bytes);
    }

    /// <summary>Writes beside its place, for the owner only, and renames.</summary>
    public static void Write(string path, ReadOnlySpan<byte> content)
    {
        string fresh = path + ".new";
        try
        {
            WriteFresh(fresh, content);
        }
        catch (IOException)
        {
            // What is there of it takes room that is short already.
            File.Delete(fresh);
            throw;
        }
        File.Move(fresh, path, overwrite: true);
    }

    private static void WriteFresh(string path, ReadOnlySpan<byte> content)
    {
        using var file = new FileStream(
            path,
            new FileStreamOptions
            {
                Mode = FileMode.Create,
                Access = FileAccess.Write,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            }
        );
        file.Write(content);
    }
}
