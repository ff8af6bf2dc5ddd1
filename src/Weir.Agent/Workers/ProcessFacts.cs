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
