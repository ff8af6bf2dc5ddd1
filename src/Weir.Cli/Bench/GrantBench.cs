using System.Diagnostics;
using Weir.Cli.Pool;
using Weir.Cli.Pool.Serving;
using Weir.Protocol.Rest;

namespace Weir.Cli.Bench;

/// <summary>
/// Durable lease grants over REST (TLS) at a steady rate, with simulated agents; beside a write and fsync of 4 KiB on the same disk at the
/// same time.
/// </summary>
internal static class GrantBench
{
    public const string Section = "grant";

    private const int Nodes = 10;
    private const int DevicesPerNode = 100;
    private const int PerSecond = 200;
    private const double BoundMs = 5;
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Measured = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Held = TimeSpan.FromSeconds(1);

    public static IEnumerable<Figure> Run(BenchPlace place)
    {
        var (grants, writes, startMs) = MeasureAsync(place).GetAwaiter().GetResult();
        double yardstick = 2 * Percentile(writes, 0.99);
        yield return new Figure(
            Section,
            $"lease grant, durable, over REST: p99 of {grants.Count} at {PerSecond}/s, {Nodes * DevicesPerNode} devices",
            Percentile(grants, 0.99),
            "ms",
            "2 × p99 of 4 KiB write + fsync",
            yardstick,
            new Target(TargetKind.DifferenceAtMost, BoundMs)
        );
        yield return new Figure(
            Section,
            "lease grant, median",
            Percentile(grants, 0.5),
            "ms",
            "median of 4 KiB write + fsync",
            Percentile(writes, 0.5),
            Target.None
        );
        yield return new Figure(
            Section,
            "controller's start until it serves",
            startMs,
            "ms",
            "",
            null,
            new Target(TargetKind.AtMost, 3000)
        );
    }

    private static async Task<(List<double> Grants, List<double> Writes, double StartMs)> MeasureAsync(BenchPlace place)
    {
        string folder = Path.Combine(place.Work, $"grant-{Environment.ProcessId}");
        string socketFolder = Directory.CreateTempSubdirectory("weir-bench-").FullName;
        PoolFolders.MakePrivate(folder);
        var artifacts = Artifacts.Find()!;
        var (program, arguments) = ServiceProcess.Command(
            Path.Combine(artifacts.Root, "controller"),
            "weir-controller"
        );
        string socket = Path.Combine(socketFolder, "c.sock");
        long started = Stopwatch.GetTimestamp();
        var controller = ServiceProcess.Start(
            "controller",
            program,
            [.. arguments, "serve", "--state", folder, "--socket", socket, "--listen", "127.0.0.1:0"]
        );
        try
        {
            string[] said = (await controller.ReadyAsync(TimeSpan.FromSeconds(30))).Split(' ');
            double startMs = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
            using var local = new ControllerClient(new Login(socket, null));
            await using var agents = await SimulatedAgents.StartAsync(local, said[0], said[1], Nodes, DevicesPerNode);
            var token = await local.PostAsync(
                "v1/tokens",
                new TokenRequest("user", "bench", null),
                RestJson.Default.TokenRequest,
                RestJson.Default.TokenView
            );
            using var client = new ControllerClient(new Login(said[0], token.Token));
            await LoadAsync(client, WarmUp);
            using var stop = new CancellationTokenSource();
            var writing = Task.Factory.StartNew(
                () => WriteAndSync(Path.Combine(folder, "yardstick"), stop.Token),
                TaskCreationOptions.LongRunning
            );
            var grants = await LoadAsync(client, Measured);
            await stop.CancelAsync();
            return (grants, await writing, startMs);
        }
        catch (PoolException error)
        {
            throw new BenchException(error.Message);
        }
        finally
        {
            await controller.StopAsync(TimeSpan.FromSeconds(5));
            Directory.Delete(folder, recursive: true);
            Directory.Delete(socketFolder, recursive: true);
        }
    }

    // Requests leave at their time, whatever became of those before: a slow answer makes no room for itself.
    private static async Task<List<double>> LoadAsync(ControllerClient client, TimeSpan duration)
    {
        List<Task<double>> running = [];
        long started = Stopwatch.GetTimestamp();
        int count = (int)(duration.TotalSeconds * PerSecond);
        for (int i = 0; i < count; i++)
        {
            var wait = TimeSpan.FromSeconds((double)i / PerSecond) - Stopwatch.GetElapsedTime(started);
            if (wait > TimeSpan.Zero)
            {
                await Task.Delay(wait);
            }
            running.Add(GrantAsync(client));
        }
        return [.. await Task.WhenAll(running)];
    }

    private static async Task<double> GrantAsync(ControllerClient client)
    {
        long asked = Stopwatch.GetTimestamp();
        var grant = await client.PostAsync(
            "v1/leases",
            new ClaimRequest { Compute = 50 },
            RestJson.Default.ClaimRequest,
            RestJson.Default.GrantView
        );
        double took = Stopwatch.GetElapsedTime(asked).TotalMilliseconds;
        await Task.Delay(Held);
        await client.DeleteAsync($"v1/leases/{grant.Lease.Id}", RestJson.Default.LeaseView);
        return took;
    }

    private static List<double> WriteAndSync(string path, CancellationToken stop)
    {
        List<double> took = [];
        using var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, 0);
        byte[] block = new byte[4096];
        while (!stop.IsCancellationRequested)
        {
            long started = Stopwatch.GetTimestamp();
            file.Write(block);
            file.Flush(flushToDisk: true);
            took.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
            Thread.Sleep(20);
        }
        return took;
    }

    private static double Percentile(List<double> values, double part) =>
        values.Order().ElementAt(Math.Min(values.Count - 1, (int)(values.Count * part)));
}
