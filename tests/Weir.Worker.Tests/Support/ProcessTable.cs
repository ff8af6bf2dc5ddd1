namespace Weir.Worker.Tests.Support;

/// <summary>Processes of this machine that belong to Weir.</summary>
internal static class ProcessTable
{
    /// <summary>The parent of a process; 0 when it has gone.</summary>
    public static int ParentOf(int id)
    {
        try
        {
            string stat = File.ReadAllText($"/proc/{id}/stat");
            return int.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[1]);
        }
        catch (IOException)
        {
            return 0;
        }
    }

    /// <summary>Is there, and not merely waiting to be reaped.</summary>
    public static bool IsRunning(int id)
    {
        try
        {
            string stat = File.ReadAllText($"/proc/{id}/stat");
            return stat[stat.LastIndexOf(')') + 2] is not ('Z' or 'X');
        }
        catch (IOException)
        {
            return false;
        }
    }

    /// <summary>Running children of a process.</summary>
    public static IReadOnlyList<int> ChildrenOf(int id) =>
        [
            .. Directory
                .EnumerateDirectories("/proc")
                .Select(folder => int.TryParse(Path.GetFileName(folder), out int child) ? child : 0)
                .Where(child => child != 0 && ParentOf(child) == id && IsRunning(child)),
        ];

    /// <summary>Waits until none of the processes runs; the ones that still do after a generous time fail the test.</summary>
    public static void AssertEnd(params IEnumerable<int> ids)
    {
        int[] left = [.. ids];
        for (int attempt = 0; attempt < 3000 && left.Length > 0; attempt++)
        {
            left = [.. left.Where(IsRunning)];
            Thread.Sleep(10);
        }
        Assert.Empty(left);
    }

    /// <summary>Is somebody listening at, or connected through, an abstract name?</summary>
    public static bool SocketExists(string name) =>
        File.ReadLines("/proc/net/unix").Any(line => line.EndsWith("@" + name));

    /// <summary>Descriptors of a process as the kernel names them.</summary>
    public static IReadOnlyList<string> Descriptors(int id) =>
        [
            .. Directory
                .EnumerateFileSystemEntries($"/proc/{id}/fd")
                .Select(path => File.ResolveLinkTarget(path, false)?.FullName ?? ""),
        ];
}
