namespace Weir.EndToEnd;

/// <summary>What Weir has on this machine at a moment: processes, sockets, shared memory.</summary>
internal sealed record Leftovers(int Workers, int Sockets, int SharedMemory)
{
    public static Leftovers Count() =>
        new(
            Directory.EnumerateDirectories("/proc").Count(folder => Command(folder) == WeirInstallation.Worker),
            File.ReadLines("/proc/net/unix").Count(line => line.Contains("@weir-") && !line.Contains("compiler")),
            Directory.EnumerateFileSystemEntries("/dev/shm").Count(path => path.Contains("weir"))
        );

    /// <summary>Waits until there is no more than before; brokers and workers may take a moment to end.</summary>
    public static void AssertBackTo(Leftovers before)
    {
        Leftovers now = Count();
        for (int attempt = 0; attempt < 6000 && !now.AtMost(before); attempt++)
        {
            Thread.Sleep(10);
            now = Count();
        }
        Assert.True(now.AtMost(before), $"before: {before}, now: {now}");
    }

    private bool AtMost(Leftovers other) =>
        Workers <= other.Workers && Sockets <= other.Sockets && SharedMemory <= other.SharedMemory;

    private static string? Command(string folder)
    {
        try
        {
            string text = File.ReadAllText(Path.Combine(folder, "cmdline"));
            return text.Split('\0')[0];
        }
        catch (IOException)
        {
            return null;
        }
        catch (UnauthorizedAccessException)
        {
            return null;
        }
    }
}
