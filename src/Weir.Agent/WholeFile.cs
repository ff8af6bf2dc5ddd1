namespace Weir.Agent;

/// <summary>Files that a reader finds whole or not at all.</summary>
internal static class WholeFile
{
    /// <summary>Writes beside its place, for the owner only, and renames.</summary>
    public static void Write(string path, ReadOnlySpan<byte> content)
    {
        string fresh = path + ".new";
        using (
            var file = new FileStream(
                fresh,
                new FileStreamOptions
                {
                    Mode = FileMode.Create,
                    Access = FileAccess.Write,
                    UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
                }
            )
        )
        {
            file.Write(content);
        }
        File.Move(fresh, path, overwrite: true);
    }
}
