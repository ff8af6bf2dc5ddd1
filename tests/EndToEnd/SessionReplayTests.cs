using System.Diagnostics;
using System.Text;
using System.Text.Json;

namespace Weir.EndToEnd;

/// <summary>Workers that are killed while their sessions keep a log of calls: the program is told the same, byte by byte.</summary>
public class SessionReplayTests
{
    private const int Steps = 800;

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 1)]
    [InlineData(3, 3)]
    public void A_program_whose_workers_are_killed_again_and_again_is_told_what_it_is_told_undisturbed(
        int seed,
        int threads
    )
    {
        string program = Compile();
        string[] arguments = [$"{Steps}", $"{seed}", $"{threads}"];
        string undisturbed = ClientRun.Run(program, arguments).Succeeded().Text;
        Random random = new(seed);
        using Process process = Start(program, ["--on-loss", "replay", "--snapshot-every", "300ms"], arguments);
        StringBuilder errors = Errors(process);
        List<string> told = [];
        int last = 0;
        while (process.StandardOutput.ReadLine() is { } line)
        {
            told.Add(line);
            // Not at the last one, after which it may end at any moment.
            if (line.StartsWith("at ", StringComparison.Ordinal) && line != "at 8")
            {
                Thread.Sleep(random.Next(40));
                last = Kill(process.Id, last);
            }
        }
        Assert.True(process.WaitForExit(TimeSpan.FromSeconds(60)));
        Assert.True(process.ExitCode == 0, $"exit code {process.ExitCode}: {errors}");
        Assert.Equal(undisturbed, string.Join('\n', told) + "\n");
    }

    [Fact]
    public void What_cannot_be_done_again_is_told_as_an_error()
    {
        // It has page-locked memory.
        using var program = PortableProgram.Start(options: ["--on-loss", "replay", "--snapshot-every", "1h"]);
        _ = SessionDeskClient.Do("snapshot", program.Id);
        program.Verify();
        int before = program.Worker;
        _ = Kill(program.Id, 0);
        _ = SessionDeskClient.Await(program.Id, session => IsAttached(session, before), "attached again");
        program.VerifyInVain();
    }

    [Fact]
    public void A_log_that_is_full_makes_calls_wait_for_an_image()
    {
        // What is read back goes into no log, what is sent does: a quarter more than it holds.
        string sender = ClientRun.Compile(
            Path.Combine(WeirInstallation.Root, "tests", "EndToEnd", "clients", "sender.c"),
            WeirInstallation.NewFolder()
        );
        using Process process = Start(sender, ["--on-loss", "replay", "--snapshot-every", "1h"], ["320"]);
        StringBuilder errors = Errors(process);
        Assert.Equal("sent", process.StandardOutput.ReadLine());
        _ = Kill(process.Id, 0);
        process.StandardInput.WriteLine("verify");
        process.StandardInput.Flush();
        string? answer = process.StandardOutput.ReadLine();
        Assert.True(answer == "verified", $"{answer}: {errors}");
        process.StandardInput.Close();
        Assert.True(process.WaitForExit(TimeSpan.FromSeconds(60)));
        Assert.Equal(0, process.ExitCode);
    }

    private static string Compile() =>
        ClientRun.Compile(
            Path.Combine(WeirInstallation.Root, "tests", "EndToEnd", "clients", "replayed.c"),
            WeirInstallation.NewFolder()
        );

    private static Process Start(string program, string[] options, string[] arguments)
    {
        ProcessStartInfo start = new(
            WeirInstallation.Worker,
            ["--launch", "--device", "software", .. options, "--", program, .. arguments]
        )
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach ((string name, string? value) in ClientRun.Environment)
        {
            start.Environment[name] = value;
        }
        return Process.Start(start)!;
    }

    private static StringBuilder Errors(Process process)
    {
        StringBuilder errors = new();
        process.ErrorDataReceived += (_, line) =>
        {
            lock (errors)
            {
                _ = errors.AppendLine(line.Data);
            }
        };
        process.BeginErrorReadLine();
        return errors;
    }

    // The worker that serves it now, when it has an image to go on from; it is another than the one that was killed last.
    private static int Kill(int process, int last)
    {
        JsonElement session = SessionDeskClient.Await(
            process,
            session => IsAttached(session, last) && session.GetProperty("image").ValueKind != JsonValueKind.Null,
            "attached, with an image"
        );
        int worker = session.GetProperty("worker").GetInt32();
        using Process served = Process.GetProcessById(worker);
        served.Kill();
        return worker;
    }

    private static bool IsAttached(JsonElement session, int last) =>
        session.GetProperty("state").GetString() == "attached"
        && session.GetProperty("worker").GetInt32() is var worker
        && worker != 0
        && worker != last;
}
