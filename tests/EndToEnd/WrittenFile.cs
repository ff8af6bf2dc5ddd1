namespace Weir.EndToEnd;

/// <summary>Files that another process writes: they are there before they are whole.</summary>
internal static class WrittenFile
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(60);

    /// <summary>The lines of a file, once there is one and the last of them has its end.</summary>
    public static string[] Lines(string path) =>
        Read(path, text => text.EndsWith('\n')).Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>The text of a file, once <paramref name="isWhole"/> says so.</summary>
    public static string Read(string path, Func<string, bool> isWhole)
    {
        DateTime until = DateTime.UtcNow + s_limit;
        string? text = null;
        while (DateTime.UtcNow < until)
        {
            if (File.Exists(path) && isWhole(text = File.ReadAllText(path)))
            {
                return text;
            }
            Thread.Sleep(10);
        }
        Assert.Fail($"{path} did not become whole in {s_limit.TotalSeconds} s: {text ?? "it is not there"}");
        return "";
    }
}
