namespace Weir.Recordings;

/// <summary>
/// What passed between two parts of an earlier release, byte by byte: one line per frame or message, "KIND BASE64", and comments
/// that begin with '#'. README.md beside this file says when a new one is made.
/// </summary>
internal static class Recording
{
    private static readonly string s_folder = FindFolder();

    /// <summary>The lines of a recording, in order.</summary>
    public static IReadOnlyList<(string Kind, byte[] Bytes)> Read(string name) =>
        [
            .. File.ReadLines(Path.Combine(s_folder, name))
                .Where(line => line.Length > 0 && line[0] != '#')
                .Select(line => line.Split(' '))
                .Select(words => (words[0], Convert.FromBase64String(words[1]))),
        ];

    /// <summary>Makes a recording: of a release that is about to be made, never to get a test to pass.</summary>
    public static void Write(string name, string comment, IEnumerable<(string Kind, byte[] Bytes)> lines) =>
        File.WriteAllLines(
            Path.Combine(s_folder, name),
            lines.Select(line => $"{line.Kind} {Convert.ToBase64String(line.Bytes)}").Prepend($"# {comment}")
        );

    private static string FindFolder()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "Weir.slnx")))
        {
            folder = Path.GetDirectoryName(folder);
        }
        return Path.Combine(
            folder ?? throw new InvalidOperationException("these tests run from a checkout of Weir"),
            "tests",
            "Recordings"
        );
    }
}
