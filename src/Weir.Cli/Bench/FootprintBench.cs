using System.Diagnostics;
using System.Globalization;

namespace Weir.Cli.Bench;

/// <summary>What an idle worker and the shim take from a machine.</summary>
internal static class FootprintBench
{
    public const string Section = "footprint";

    public static IEnumerable<Figure> Run(BenchPlace place)
    {
        Dictionary<string, double> client = NativeProgram.Build(place, "calls").RunUnderWeir(place, [], "calls");
        yield return new(
            Section,
            "memory that the shim adds to its client",
            client["shim_MiB"],
            "MiB",
            "",
            null,
            new(TargetKind.AtMost, 10)
        );

        NativeProgram idle = NativeProgram.Build(place, "idle");
        using Process process = Process.Start(
            new ProcessStartInfo(place.Worker, ["--launch", "--", idle.Path]) { RedirectStandardOutput = true }
        )!;
        try
        {
            // The client says "ready" once its session stands, and then keeps still.
            _ = process.StandardOutput.ReadLine();
            int worker = FindWorker(process.Id);
            Thread.Sleep(1000);
            double before = CpuNanoseconds(worker);
            Thread.Sleep(5000);
            double share = (CpuNanoseconds(worker) - before) / 5e9 * 100;
            yield return new(
                Section,
                "idle worker, processor",
                share,
                "% of a core",
                "",
                null,
                new(TargetKind.AtMost, 0.1)
            );
            yield return new(
                Section,
                "idle worker before its first kernel, resident",
                ResidentMiB(worker),
                "MiB",
                "",
                null,
                new(TargetKind.AtMost, 60)
            );
        }
        finally
        {
            process.Kill();
            process.WaitForExit();
        }
    }

    // Nothing in the process tree leads from a client to its worker: the one that shares a
    // segment of memory (the same file, by inode) with the client serves it.
    private static int FindWorker(int client)
    {
        HashSet<string> segments = SharedSegments(client);
        foreach (string folder in Directory.EnumerateDirectories("/proc"))
        {
            if (
                int.TryParse(Path.GetFileName(folder), out int pid)
                && pid != client
                && SharedSegments(pid).Overlaps(segments)
            )
            {
                return pid;
            }
        }
        throw new BenchException("no worker shares memory with the launched client.");
    }

    // Inodes of the anonymous shared files that a process maps (proc(5), maps: the fifth field).
    private static HashSet<string> SharedSegments(int pid)
    {
        try
        {
            return
            [
                .. File.ReadLines($"/proc/{pid}/maps")
                    .Where(line => line.Contains("/memfd:", StringComparison.Ordinal))
                    .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[4]),
            ];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return []; // ended meanwhile, or somebody else's
        }
    }

    private static double CpuNanoseconds(int pid) =>
        Directory
            .EnumerateDirectories($"/proc/{pid}/task")
            .Sum(task =>
                double.Parse(File.ReadAllText(task + "/schedstat").Split(' ')[0], CultureInfo.InvariantCulture)
            );

    private static double ResidentMiB(int pid) =>
        File.ReadLines($"/proc/{pid}/smaps_rollup")
            .Where(line => line.StartsWith("Pss:", StringComparison.Ordinal))
            .Select(line =>
                double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture)
                / 1024
            )
            .First();
}
