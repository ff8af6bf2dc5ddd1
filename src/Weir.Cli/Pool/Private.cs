namespace Weir.Cli.Pool;

/// <summary>Files that hold secrets.</summary>
internal static class Private
{
    /// <summary>Writes a file that only its owner can read, whole or not at all.</summary>
    public static void Write(string path, string text)
    {
        string staging = $"{path}.{Environment.ProcessId}.new";
        File.Delete(staging);
        using (
            var file = new FileStream(
                staging,
                new FileStreamOptions
                {
                    Mode = FileMode.CreateNew,
                    Access = FileAccess.Write,
                    UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
                }
            )
        )
        {
            file.Write(System.Text.Encoding.UTF8.GetBytes(text));
            file.Flush(flushToDisk: true);
        }
        File.Move(staging, path, overwrite: true);
    }
}
