using System.Globalization;

namespace Weir.Agent.Workers;

/// <summary>What /proc says about processes.</summary>
internal static class ProcessFacts
{
    /// <summary>When a process began, in clock ticks since the boot; 0 when there is none or it has ended.</summary>
    public static long StartOf(int processId)
    {
        try
        {
            string stat = File.ReadAllText($"/proc/{processId}/stat");
            // The name, in parentheses, may contain anything; the state is field 3, the start field 22.
            string[] fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return fields[0] is "Z" or "X" ? 0 : long.Parse(fields[19], CultureInfo.InvariantCulture);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return 0;
        }
    }

    /// <summary>Processor time of a process and its memory now; null when there is none, or it is somebody else's secret.</summary>
    public static (ulong Nanoseconds, ulong Bytes)? UsageOf(int processId)
    {
        const ulong NanosecondsPerTick = 10_000_000;
        try
        {
            string stat = File.ReadAllText($"/proc/{processId}/stat");
            string[] fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            if (fields[0] is "Z" or "X")
            {
                return null;
            }
            // User and system time are fields 14 and 15 in ticks of 10 ms, resident pages field 24 (proc(5)).
            ulong ticks =
                ulong.Parse(fields[11], CultureInfo.InvariantCulture)
                + ulong.Parse(fields[12], CultureInfo.InvariantCulture);
            ulong pages = ulong.Parse(fields[21], CultureInfo.InvariantCulture);
            return (ticks * NanosecondsPerTick, pages * (ulong)Environment.SystemPageSize);
        }
        catch (Exception failure)
            when (failure is IOException or UnauthorizedAccessException or FormatException or IndexOutOfRangeException)
        {
            return null;
        }
    }

    /// <summary>Children of a process.</summary>
    public static IReadOnlyList<int> ChildrenOf(int processId)
    {
        try
        {
            return
            [
                .. Directory
                    .EnumerateDirectories($"/proc/{processId}/task")
                    .SelectMany(task =>
                        File.ReadAllText(task + "/children").Split(' ', StringSplitOptions.RemoveEmptyEntries)
                    )
                    .Select(id => int.Parse(id, CultureInfo.InvariantCulture)),
            ];
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    /// <summary>
    /// True when every user may reach a file: what runs as a user of its own must be able to load it.
    /// </summary>
    public static bool IsReachableForAll(string path)
    {
        for (string? folder = Path.GetDirectoryName(path); folder is not null; folder = Path.GetDirectoryName(folder))
        {
            if ((File.GetUnixFileMode(folder) & UnixFileMode.OtherExecute) == 0)
            {
                return false;
            }
        }
        return true;
    }
}
