using System.Diagnostics;

namespace Weir.EndToEnd;

/// <summary>tests/EndToEnd/clients/portable.c, or another, while it runs: it verifies and changes its state when it is told to.</summary>
internal sealed class PortableProgram : IDisposable
{
    private readonly Process _process;
    private readonly Task<string> _errors;

    private PortableProgram(Process process)
    {
        _process = process;
        _errors = process.StandardError.ReadToEndAsync();
        Assert.Equal("ready", Read());
    }

    /// <summary>Its process id, by which its session is named.</summary>
    public int Id => _process.Id;

    /// <summary>Starts it and waits until its state is made.</summary>
    public static PortableProgram Start(bool isBusy = false, params IEnumerable<string> options) =>
        Start("portable", null, isBusy, options);

    /// <summary>The same for another program that takes the same words.</summary>
    public static PortableProgram Start(string source, bool isBusy, params IEnumerable<string> options) =>
        Start(source, null, isBusy, options);

    /// <summary>
    /// The same where a folder is a disk of its own, so large, which only the program and its workers see; null where the machine does not allow
    /// that.
    /// </summary>
    public static PortableProgram? StartWithDisk(string folder, string size)
    {
        string[] mount = ["-rm", "sh", "-c", $"mount -t tmpfs -o size={size} weir \"$0\" && exec \"$@\"", folder];
        ProgramRun tried = ProgramRun.Start("unshare", [.. mount, "true"]);
        return tried.ExitCode == 0 ? Start("portable", mount, false) : null;
    }

    /// <summary>Where a folder that only the program sees can be seen from outside.</summary>
    public string Outside(string folder) => $"/proc/{Id}/root{folder}";

    private static PortableProgram Start(
        string source,
        string[]? within,
        bool isBusy,
        params IEnumerable<string> options
    )
    {
        string program = ClientRun.Compile(
            Path.Combine(WeirInstallation.Root, "tests", "EndToEnd", "clients", source + ".c"),
            WeirInstallation.NewFolder()
        );
        string[] arguments =
        [
            "--launch",
            "--device",
            "software",
            "--mem",
            "256MiB",
            .. options,
            "--",
            program,
            .. isBusy ? ["busy"] : Array.Empty<string>(),
        ];
        ProcessStartInfo start = new(
            within is null ? WeirInstallation.Worker : "unshare",
            within is null ? arguments : [.. within, WeirInstallation.Worker, .. arguments]
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
        return new PortableProgram(Process.Start(start)!);
    }

    /// <summary>It verifies everything.</summary>
    public void Verify() => Say("v");

    /// <summary>It changes memory, by work that may still be under way afterwards.</summary>
    public void Change() => Say("c");

    /// <summary>It verifies and finds that something is wrong, and ends.</summary>
    public void VerifyInVain()
    {
        _process.StandardInput.WriteLine("v");
        _process.StandardInput.Flush();
        Assert.Equal("wrong", Read());
    }

    /// <summary>Its process id of the worker that serves it now.</summary>
    public int Worker => SessionDeskClient.Session(Id)!.Value.GetProperty("worker").GetInt32();

    /// <summary>It ends by itself, and everything was right.</summary>
    public void Finish()
    {
        _process.StandardInput.Close();
        Assert.True(_process.WaitForExit(TimeSpan.FromSeconds(90)), "the program does not end");
        Assert.True(_process.ExitCode == 0, $"exit code {_process.ExitCode}: {_errors.Result}");
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            _process.WaitForExit();
        }
        _process.Dispose();
    }

    private void Say(string word)
    {
        _process.StandardInput.WriteLine(word);
        _process.StandardInput.Flush();
        string answer = Read();
        if (answer != "ok")
        {
            _process.Kill();
            Assert.Fail($"after '{word}' it said '{answer}': {_errors.Result}");
        }
    }

    private string Read() => _process.StandardOutput.ReadLine() ?? $"(it ended: {_errors.Result})";
}
