namespace Weir.Cli.Pool.Serving;

/// <summary>The pages beside a controller that `weir up` runs: started when that serves, started again when they end, never waited for.</summary>
internal sealed class DashboardProcess : IAsyncDisposable
{
    private static readonly TimeSpan s_readyLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan s_stopLimit = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(5);

    private readonly CancellationTokenSource _ending = new();
    private readonly Task _running;
    private ServiceProcess? _process;

    private DashboardProcess(string folder, string listen, PoolFolders folders, Action<int> started) =>
        _running = RunAsync(folder, listen, folders, started);

    /// <summary>Starts it; null when it was not built, or is not wanted.</summary>
    /// <param name="artifacts">Where it is.</param>
    /// <param name="listen">ADDRESS:PORT, or "none".</param>
    /// <param name="folders">Where the controller's socket is.</param>
    /// <param name="started">Told of its process, each time.</param>
    public static DashboardProcess? Start(Artifacts artifacts, string listen, PoolFolders folders, Action<int> started)
    {
        string folder = Path.Combine(artifacts.Root, "dashboard");
        return listen == "none" || !File.Exists(Path.Combine(folder, "weir-dashboard.dll"))
            ? null
            : new DashboardProcess(folder, listen, folders, started);
    }

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        if (_process is { } process)
        {
            await process.StopAsync(s_stopLimit);
        }
        await _running;
        _ending.Dispose();
    }

    private async Task RunAsync(string folder, string listen, PoolFolders folders, Action<int> started)
    {
        while (!_ending.IsCancellationRequested)
        {
            var (program, arguments) = ServiceProcess.Command(folder, "weir-dashboard");
            arguments.AddRange(["--listen", listen, "--socket", folders.ControllerSocket]);
            ServiceProcess process = _process = ServiceProcess.Start("dashboard", program, arguments);
            started(process.Id);
            try
            {
                string[] said = (await process.ReadyAsync(s_readyLimit)).Split(' ');
                // Whoever has the key is whoever started this: it is for this terminal only.
                Console.WriteLine($"Dashboard: {said[0]}/?key={said[1]}");
                // One that is started again is found where it was.
                listen = new Uri(said[0]).Authority;
            }
            catch (PoolException problem)
            {
                await Console.Error.WriteLineAsync($"weir: no dashboard: {problem.Message}");
            }
            await Task.WhenAny(process.Ended, Task.Delay(Timeout.Infinite, _ending.Token));
            await Task.Delay(s_pause, _ending.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
