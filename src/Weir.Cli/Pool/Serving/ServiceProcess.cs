using System.Diagnostics;

namespace Weir.Cli.Pool.Serving;

/// <summary>A part of Weir that runs as a process of its own under `weir up`.</summary>
internal sealed class ServiceProcess
{
    private readonly Process _process;
    private readonly TaskCompletionSource<string> _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<string> _errors = [];

    private ServiceProcess(Process process) => _process = process;

    public int Id => _process.Id;

    public Task Ended => _process.WaitForExitAsync();

    public bool HasEnded => _process.HasExited;

    public int ExitCode => _process.ExitCode;

    /// <summary>What it said last.</summary>
    public string Problem
    {
        get
        {
            lock (_errors)
            {
                return _errors.Count > 0 ? string.Join(Environment.NewLine, _errors) : $"it ended with {ExitCode}";
            }
        }
    }

    /// <summary>How a published part is started: the runtime and its library, or its own file.</summary>
    public static (string Program, List<string> Arguments) Command(string folder, string name)
    {
        string library = Path.Combine(folder, name + ".dll");
        string? host = Environment.ProcessPath;
        if (!File.Exists(library))
        {
            throw new PoolException(
                $"there is no {library}: run ./weir in the checkout, which builds it, or set WEIR_ARTIFACTS"
            );
        }
        return host is not null && Path.GetFileName(host) == "dotnet"
            ? (host, [library])
            : (Path.Combine(folder, name), []);
    }

    /// <summary>
    /// Starts it. Its lines go to this process' standard error, each marked with <paramref name="name"/>; a line that begins with
    /// "ready " is its announcement.
    /// </summary>
    public static ServiceProcess Start(string name, string program, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        var process = Process.Start(start) ?? throw new PoolException($"{program} cannot be started");
        var service = new ServiceProcess(process);
        process.OutputDataReceived += (_, line) => service.Take(name, line.Data, false);
        process.ErrorDataReceived += (_, line) => service.Take(name, line.Data, true);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return service;
    }

    /// <summary>Its announcement; throws when it ends before, or after <paramref name="limit"/>.</summary>
    public async Task<string> ReadyAsync(TimeSpan limit)
    {
        var first = await Task.WhenAny(_ready.Task, Ended, Task.Delay(limit));
        if (first == _ready.Task)
        {
            return await _ready.Task;
        }
        throw new PoolException(HasEnded ? Problem : $"it did not get ready within {limit.TotalSeconds:0} s");
    }

    /// <summary>Asks it to end, and ends it when it does not.</summary>
    public async Task StopAsync(TimeSpan limit)
    {
        if (HasEnded)
        {
            return;
        }
        ChildSignals.Terminate(Id);
        var ended = Ended;
        if (await Task.WhenAny(ended, Task.Delay(limit)) != ended)
        {
            _process.Kill();
            await ended;
        }
    }

    private void Take(string name, string? line, bool error)
    {
        if (line is null)
        {
            return;
        }
        if (!error && line.StartsWith("ready ", StringComparison.Ordinal))
        {
            _ready.TrySetResult(line["ready ".Length..]);
            return;
        }
        lock (_errors)
        {
            _errors.Add(line);
            if (_errors.Count > 20)
            {
                _errors.RemoveAt(0);
            }
        }
        Console.Error.WriteLine($"{name}: {line}");
    }
}
