using System.Diagnostics;

namespace Weir.EndToEnd;

/// <summary>`weir shell` and `weir install`, as people use them.</summary>
public class PoolProgramTests
{
    [Fact]
    public void All_programs_of_a_shell_share_one_lease_that_ends_with_it()
    {
        using var pool = PoolInstallation.Start();
        string folder = WeirInstallation.NewFolder();
        string program = ClientRun.Compile(Path.Combine(WeirInstallation.Root, "samples", "saxpy.c"), folder);
        // Two at a time and one after them, in one and the same lease; the shell's exit code is the command's.
        string script = $"""
            {program} 5000 & {program} 6000 & wait
            {program} 7000
            exit 7
            """;
        ProgramRun shell = pool.Type(
            new Dictionary<string, string?> { ["SHELL"] = "/bin/sh" },
            script,
            "shell",
            "--gpus",
            "0.5",
            "--mem",
            "256MiB"
        );
        Assert.Equal(7, shell.ExitCode);
        Assert.Equal(3, shell.Text.Split('\n').Count(line => line.Contains("0 of them differ")));
        var lease = Assert.Single(pool.Json("leases", "--all").EnumerateArray());
        var sessions = pool.Json("ps", "--all").GetProperty("sessions");
        Assert.Equal(3, sessions.GetArrayLength());
        Assert.All(
            sessions.EnumerateArray(),
            session => Assert.Equal(lease.GetProperty("id").GetString(), session.GetProperty("lease").GetString())
        );
        Awaited.True(
            () => pool.Json("leases").GetArrayLength() == 0,
            "the lease ends with the shell: nobody has to wait for its grace time"
        );
    }

    [Theory]
    [InlineData("weir.service", "up --listen")]
    [InlineData("weir-agent.service", "agent", "--agent")]
    public void Units_are_what_systemd_understands(string name, string command, params string[] options)
    {
        string folder = WeirInstallation.NewFolder("units");
        ClientRun.Weir(["install", "--folder", folder, .. options]).Succeeded();
        string path = Path.Combine(folder, name);
        Dictionary<string, string> settings = Settings(path);
        Assert.Equal(("process", "always", "yes"), (settings["KillMode"], settings["Restart"], settings["Delegate"]));
        Assert.Contains(command, settings["ExecStart"]);
        Assert.True(File.Exists(settings["ExecStart"].Split(' ')[0]), settings["ExecStart"]);
        // Without a file nothing is written, only shown.
        ProgramRun shown = ClientRun.Weir(["install", "--print", .. options]).Succeeded();
        Assert.Equal(File.ReadAllText(path), shown.Text);
        if (File.Exists("/usr/bin/systemd-analyze"))
        {
            ProgramRun verified = ProgramRun.Start("systemd-analyze", ["verify", "--man=no", path]);
            Assert.True(verified.ExitCode == 0, verified.Errors);
            Assert.DoesNotContain(path, verified.Errors);
        }
    }

    [Fact]
    public void What_the_unit_starts_comes_up_and_serves()
    {
        // Sockets have short names.
        string folder = Directory.CreateTempSubdirectory("wu-").FullName;
        var surroundings = new Dictionary<string, string?>(ClientRun.Environment)
        {
            ["WEIR_STATE"] = Path.Combine(folder, "state"),
            ["WEIR_RUN"] = Path.Combine(folder, "run"),
        };
        ProgramRun
            .Start(
                "dotnet",
                [WeirInstallation.Cli, "install", "--folder", folder, "--listen", "127.0.0.1:0"],
                null,
                surroundings
            )
            .Succeeded();
        Dictionary<string, string> settings = Settings(Path.Combine(folder, "weir.service"));
        string[] words = settings["ExecStart"].Split(' ');
        // systemd gives a unit nothing but what stands in it; the one fixed port would be another pool's here.
        var start = new ProcessStartInfo(words[0], [.. words[1..], "--agent-listen", "127.0.0.1:0"])
        {
            RedirectStandardOutput = true,
        };
        start.Environment.Clear();
        start.Environment["PATH"] = "/usr/local/bin:/usr/bin:/bin";
        foreach (string setting in settings["Environment"].Split(' '))
        {
            start.Environment[setting.Split('=')[0]] = setting.Split('=')[1];
        }
        using Process process = Process.Start(start)!;
        try
        {
            string? line = process.StandardOutput.ReadLine();
            Assert.StartsWith("ready after", line);
            var asked = new Dictionary<string, string?>(surroundings)
            {
                ["WEIR_CONTROLLER"] = Path.Combine(folder, "run", "controller.sock"),
            };
            ProgramRun nodes = ProgramRun.Start("dotnet", [WeirInstallation.Cli, "nodes"], null, asked).Succeeded();
            Assert.Contains("ready", nodes.Text);
        }
        finally
        {
            _ = ProgramRun.Start("kill", [$"{process.Id}"]);
            process.WaitForExit();
            Directory.Delete(folder, recursive: true);
        }
    }

    // systemd.syntax: name=value, and comments that begin with '#'.
    private static Dictionary<string, string> Settings(string path) =>
        File.ReadLines(path)
            .Where(line => line.Contains('=') && line[0] != '#')
            .ToDictionary(line => line[..line.IndexOf('=')], line => line[(line.IndexOf('=') + 1)..]);
}
