using System.CommandLine;
using System.Globalization;
using Weir.Cli.Pool.Programs;
using Weir.Images;
using Weir.Remote.Workers;

namespace Weir.Cli.Sessions;

/// <summary>`weir park`, `resume`, `snapshot`, `move`, `restore`: what becomes of a running program's accelerator state.</summary>
internal static class SessionCommands
{
    private const string WhichSession =
        "Process id of the program (`weir ps --local` lists them), or a pool's session as `weir ps` shows it: n1/s-….";

    /// <summary>`weir park SESSION`.</summary>
    public static Command CreatePark()
    {
        Argument<string> session = new("session") { Description = WhichSession };
        Option<string?> folder = new("--to")
        {
            Description = "Write an image into this folder instead of keeping the state in this machine's memory.",
        };
        Command command = new(
            "park",
            "Take a running program's accelerator state off its device. The program's next call brings it back."
        )
        {
            session,
            folder,
        };
        command.SetAction(parsed => Do(parsed.GetValue(session)!, "park", parsed.GetValue(folder)));
        return command;
    }

    /// <summary>`weir resume SESSION`.</summary>
    public static Command CreateResume()
    {
        Argument<string> session = new("session") { Description = WhichSession };
        Option<string?> node = new("--on") { Description = "Another node of the pool (default: its own)." };
        Command command = new("resume", "Bring a parked program's state back to its device now.") { session, node };
        command.SetAction(parsed => Do(parsed.GetValue(session)!, "resume", null, parsed.GetValue(node)));
        return command;
    }

    /// <summary>`weir snapshot SESSION FOLDER`.</summary>
    public static Command CreateSnapshot()
    {
        Argument<string> session = new("session") { Description = WhichSession };
        Argument<string> folder = new("folder")
        {
            Description = "Folder for the image; written again, only what changed is written.",
        };
        Command command = new("snapshot", "Write a running program's accelerator state into an image.")
        {
            session,
            folder,
        };
        command.SetAction(parsed => Do(parsed.GetValue(session)!, "snapshot", parsed.GetValue(folder)));
        return command;
    }

    /// <summary>`weir migrate SESSION [--to NODE]`.</summary>
    public static Command CreateMigrate()
    {
        Argument<string> session = new("session") { Description = WhichSession };
        Option<string?> node = new("--to")
        {
            Description = "Another node of the pool (default: another worker of its own).",
        };
        Command command = new(
            "migrate",
            "Move a running program's accelerator state to another worker, or another node of the pool; the program goes on and does not notice."
        )
        {
            session,
            node,
        };
        command.SetAction(parsed => Do(parsed.GetValue(session)!, "move", null, parsed.GetValue(node)));
        return command;
    }

    /// <summary>`weir restore FOLDER`.</summary>
    public static Command CreateRestore()
    {
        Argument<string> folder = new("folder") { Description = "The image." };
        Option<string?> session = new("--session")
        {
            Description = "Process id of the program (default: the one that the image is of).",
        };
        Command command = new(
            "restore",
            "Attach a program whose worker was lost to the state in an image. Calls that it made since the image was written are "
                + "lost: if there were any, its contexts fail with an error instead of going on wrongly."
        )
        {
            folder,
            session,
        };
        command.SetAction(parsed =>
        {
            string named = parsed.GetValue(folder)!;
            if (PoolSessions.IsName(named))
            {
                return Do(named, "restore", null);
            }
            if (parsed.GetValue(session) is { } pooled && PoolSessions.IsName(pooled))
            {
                return Do(pooled, "restore", named);
            }
            string path = Path.GetFullPath(named);
            try
            {
                string? whose = parsed.GetValue(session) ?? ImageReader.Open(path).Property("process");
                return whose is null
                    ? Fail($"{path} does not say whose it is; give --session")
                    : Do(whose, "restore", path);
            }
            catch (ImageException failure)
            {
                return Fail(failure.Message);
            }
        });
        return command;
    }

    private static int Do(string session, string verb, string? folder, string? node = null)
    {
        if (PoolSessions.IsName(session))
        {
            return PoolSessions
                .DoAsync(session, verb == "move" ? "migrate" : verb, folder, node)
                .GetAwaiter()
                .GetResult();
        }
        if (node is not null)
        {
            return Fail($"{session} runs on this machine's own device, without a pool: it has no other node");
        }
        if (LocalSessions.Find(session) is not { } found)
        {
            return Fail($"there is no session {session} on this machine (`weir ps --local` lists them)");
        }
        string? path = folder is null ? null : Path.GetFullPath(folder);
        SessionAnswer? answer = LocalSessions.Ask(found.Socket, new SessionRequest(verb, found.Entry.Process, path));
        if (answer is null || answer.Reason is not null)
        {
            return Fail(answer?.Reason ?? "the program has ended");
        }
        Console.WriteLine(Text(session, verb, answer));
        return ExitCodes.Success;
    }

    private static string Text(string session, string verb, SessionAnswer answer)
    {
        StateReport report = answer.Report ?? new StateReport();
        string pause = string.Create(CultureInfo.InvariantCulture, $"{report.PauseMilliseconds:0.0} ms");
        string bytes = $"{Sizes.Text((ulong)report.Bytes)}, {Sizes.Text((ulong)report.WrittenBytes)} of it written";
        return verb switch
        {
            "park" when report.InMemory => $"{session} is parked in this machine's memory ({pause})",
            "park" => $"{session} is parked in {answer.Folder} ({bytes}, {pause})",
            "snapshot" => $"{session} is saved in {answer.Folder} ({bytes}, calls waited {pause})",
            "resume" => $"{session} goes on ({Sizes.Text((ulong)report.Bytes)}, {pause})",
            _ when report.LostCalls =>
                $"{session} is attached again, but it had made calls since the image was written: its contexts have failed",
            _ when report.ReplayedCalls > 0 =>
                $"{session} goes on in another worker; {report.ReplayedCalls} calls since the image were done again ({pause})",
            _ => $"{session} goes on in another worker ({pause})",
        };
    }

    private static int Fail(string reason)
    {
        Console.Error.WriteLine($"weir: {reason}");
        return ExitCodes.Failure;
    }
}
