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

    // The launcher became the client; the broker is its child, and the workers are the broker's. The one that serves
    // the session is the one with a memory map of it; it is the oldest.
    private static int FindWorker(int client)
    {
        List<int> brokers = Children([client]);
        List<int> workers = Children(brokers);
        return workers.Count > 0
            ? workers.MinBy(StartTime)
            : throw new BenchException("no worker was found below the launched client.");
    }

    private static List<int> Children(IReadOnlyCollection<int> parents)
    {
        List<int> found = [];
        foreach (string folder in Directory.EnumerateDirectories("/proc"))
        {
            if (
                int.TryParse(Path.GetFileName(folder), out int pid)
                && Stat(pid) is { } stat
                && parents.Contains(int.Parse(stat[1]))
            )
            {
                found.Add(pid);
            }
        }
        return found;
    }

    private static double StartTime(int pid) =>
        Stat(pid) is { } stat ? double.Parse(stat[19], CultureInfo.InvariantCulture) : double.MaxValue;

    // The fields after the name, which may itself hold blanks: [0] state, [1] parent, ... [19] start time (proc(5)).
    private static string[]? Stat(int pid)
    {
        try
        {
            string text = File.ReadAllText($"/proc/{pid}/stat");
            return text[(text.LastIndexOf(')') + 2)..].Split(' ');
        }
        catch (IOException)
        {
            return null; // ended meanwhile
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
