using System.Globalization;
using System.Text;
using Weir.Posix;
using Weir.Worker.Launching;
using Weir.Worker.Logging;

namespace Weir.Worker.Enclosing;

/// <summary>
/// `weir-worker --keep STATUS-FILE [--seconds N] -- PROGRAM…`: runs a program, waits for its end or ends it when its time is
/// over, ends all that it left behind, and writes how it ended. So that is known whatever becomes of the agent meanwhile.
/// The file has one line: "exit CODE", "signal NUMBER" or "time limit", after it the Unix time in milliseconds.
/// </summary>
internal static unsafe class Keeper
{
    /// <summary>Runs to the program's end; the exit code is of no meaning.</summary>
    public static int Run(IReadOnlyList<string> words)
    {
        Log.SetRole("keeper");
        int at = 1;
        long seconds = 0;
        if (words.Count > 2 && words[1] == "--seconds")
        {
            seconds = long.Parse(words[2], CultureInfo.InvariantCulture);
            at = 3;
        }
        if (words.Count < at + 2 || words[at] != "--")
        {
            Log.Error("--keep takes a file, perhaps --seconds N, then -- and a program");
            return 2;
        }
        // Whoever loses its parents among the program's descendants becomes a child of this process.
        _ = Libc.prctl(Libc.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
        _ = UntouchedSignals.Set(Libc.SIGPIPE, 0);
        string outcome;
        try
        {
            int child = ChildProcess.Start(
                words[at + 1],
                [.. words.Skip(at + 1)],
                NativeText.Environment(),
                [],
                output: 1,
                detached: false
            );
            outcome = Await(child, seconds);
        }
        catch (IOException failure)
        {
            Log.Error(failure.Message);
            outcome = "exit 127";
        }
        EndDescendants();
        string file = NativeText.ToDisplay(words[0]);
        File.WriteAllText(file + ".new", $"{outcome} {DateTimeOffset.UtcNow.ToUnixTimeMilliseconds()}\n");
        File.Move(file + ".new", file, overwrite: true);
        return 0;
    }

    private static string Await(int child, long seconds)
    {
        int pidfd = Libc.PidfdOpen(child);
        long until = Environment.TickCount64 + seconds * 1000;
        bool isLate = false;
        while (true)
        {
            long left = seconds == 0 ? int.MaxValue : Math.Clamp(until - Environment.TickCount64, 0, int.MaxValue);
            var entry = new PollEntry { Descriptor = pidfd, Events = Libc.POLLIN };
            int ready = Libc.poll(&entry, 1, seconds == 0 || isLate ? -1 : (int)left);
            if (ready > 0)
            {
                break;
            }
            if (ready == 0 && seconds > 0 && Environment.TickCount64 >= until)
            {
                isLate = true;
                _ = Libc.kill(child, Libc.SIGKILL);
            }
        }
        int status = 0;
        _ = Libc.waitpid(child, &status, 0);
        return isLate ? "time limit"
            : (status & 0x7f) != 0 ? $"signal {status & 0x7f}"
            : $"exit {status >> 8 & 0xff}";
    }

    private static void EndDescendants()
    {
        int status;
        while (true)
        {
            string children;
            try
            {
                // Orphans hang at the main thread or any other of this process.
                children = string.Concat(
                    Directory
                        .EnumerateDirectories("/proc/self/task")
                        .Select(task => File.ReadAllText(task + "/children", Encoding.ASCII))
                );
            }
            catch (IOException)
            {
                return;
            }
            string[] ids = children.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (ids.Length == 0)
            {
                return;
            }
            foreach (string id in ids)
            {
                _ = Libc.kill(int.Parse(id, CultureInfo.InvariantCulture), Libc.SIGKILL);
            }
            while (Libc.waitpid(-1, &status, 0) > 0) { }
        }
    }
}
