using System.Diagnostics;
using System.Globalization;
using Weir.Cli.Sessions;
using Weir.Remote.Workers;

namespace Weir.Cli.Bench;

/// <summary>bench/native/session.c while it runs, and what is done with its session.</summary>
internal sealed class SessionProgram : IDisposable
{
    private readonly Process _process;
    private readonly Task<string> _errors;
    private string? _socket;

    private SessionProgram(Process process)
    {
        _process = process;
        _errors = process.StandardError.ReadToEndAsync();
        _ = Read("ready");
    }

    /// <summary>Starts it on a software device of its own and waits until it has filled its memory.</summary>
    /// <param name="place">Where things are.</param>
    /// <param name="native">The program.</param>
    /// <param name="mib">Its memory, MiB.</param>
    /// <param name="options">Further options of the launcher.</param>
    public static SessionProgram Start(BenchPlace place, NativeProgram native, int mib, params string[] options)
    {
        string[] line =
        [
            "--launch",
            "--device",
            "software",
            "--mem",
            $"{mib + 64}MiB",
            .. options,
            "--",
            native.Path,
            $"{mib}",
        ];
        return new SessionProgram(
            Process.Start(
                new ProcessStartInfo(place.Worker, line)
                {
                    RedirectStandardInput = true,
                    RedirectStandardOutput = true,
                    RedirectStandardError = true,
                }
            )!
        );
    }

    /// <summary>Says a line and waits for the answer, which is a word and perhaps a number of nanoseconds; the milliseconds.</summary>
    /// <exception cref="BenchException">It found in its memory what does not belong there, or a call failed.</exception>
    public double Say(string line, string answer)
    {
        _process.StandardInput.WriteLine(line);
        _process.StandardInput.Flush();
        return Read(answer);
    }

    /// <summary>Has something done with its session.</summary>
    /// <exception cref="BenchException">It was refused.</exception>
    public (double Milliseconds, StateReport Report) Do(string verb, string? folder = null)
    {
        _socket ??= Find();
        long start = Stopwatch.GetTimestamp();
        SessionAnswer? answer = LocalSessions.Ask(_socket, new SessionRequest(verb, _process.Id, folder));
        double milliseconds = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        return answer is { Reason: null }
            ? (milliseconds, answer.Report ?? new StateReport())
            : throw new BenchException($"{verb} of a session was refused: {answer?.Reason ?? "its broker is gone"}");
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            _process.WaitForExit();
        }
        _process.Dispose();
    }

    // The broker hears of its session a moment after the program does.
    private string Find()
    {
        DateTime limit = DateTime.UtcNow.AddSeconds(30);
        while (DateTime.UtcNow < limit)
        {
            if (LocalSessions.Find(_process.Id.ToString(CultureInfo.InvariantCulture)) is { } found)
            {
                return found.Socket;
            }
            Thread.Sleep(10);
        }
        throw new BenchException("nobody knows the session of a program that runs");
    }

    private double Read(string answer)
    {
        string[] words = _process.StandardOutput.ReadLine()?.Split(' ') ?? [];
        return words.Length > 0 && words[0] == answer
            ? words.Length > 1
                ? double.Parse(words[1], CultureInfo.InvariantCulture) / 1e6
                : 0
            : throw new BenchException(
                $"session.c said '{string.Join(' ', words)}' instead of '{answer}':\n{(words.Length == 0 ? _errors.Result : "")}"
            );
    }
}
