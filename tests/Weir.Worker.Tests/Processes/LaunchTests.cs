using System.Diagnostics;
using System.Text;
using Weir.Worker.Tests.Support;

namespace Weir.Worker.Tests.Processes;

/// <summary>A program under `weir run` beside the same program without it.</summary>
public class LaunchTests
{
    [Fact]
    public void Exit_codes_are_the_programs_own()
    {
        foreach (int code in (int[])[0, 1, 2, 63, 64, 125, 126, 127, 128, 200, 255])
        {
            Assert.Equal(code, Launch($"exit {code}").ExitCode);
        }
    }

    [Theory]
    [InlineData("TERM", 15)]
    [InlineData("INT", 2)]
    [InlineData("SEGV", 11)]
    [InlineData("KILL", 9)]
    [InlineData("PIPE", 13)]
    public void Deaths_by_signal_look_the_same(string signal, int number)
    {
        // .NET's own processes start with SIGPIPE ignored, and a shell cannot undo that for itself.
        string[] start = ["--default-signal", "--"];
        string[] script = ["sh", "-c", $"kill -{signal} $$; exit 7"];
        Assert.Equal(128 + number, Run(Program("env", [.. start, .. script])).ExitCode);
        Assert.Equal(
            128 + number,
            Run(Program("env", [.. start, WeirRun.Worker, "--launch", "--", .. script])).ExitCode
        );
    }

    [Theory]
    [InlineData("")]
    [InlineData("trap '' PIPE INT; ")]
    public void Signal_dispositions_and_masks_arrive_as_they_were(string before)
    {
        const string Show =
            "grep -E '^Sig(Blk|Ign|Cgt)|^Seccomp:|^NoNewPrivs' /proc/self/status; ulimit -n; ulimit -c; umask; nice";
        ProcessStartInfo start = Shell($"{before}exec \"$0\" --launch -- sh -c \"$1\"", WeirRun.Worker, Show);
        Assert.Equal(Run(Shell($"{before}sh -c \"$1\"", "sh", Show)).Output, Run(start).Output);
    }

    [Fact]
    public void Only_the_programs_own_descriptors_are_open()
    {
        const string Show = "ls /proc/self/fd | wc -l; cat <&7";
        const string Open = "exec 7</dev/null; exec ";
        Assert.Equal(
            Run(Shell(Open + "sh -c \"$1\"", "sh", Show)).Output,
            Run(Shell(Open + "\"$0\" --launch -- sh -c \"$1\"", WeirRun.Worker, Show)).Output
        );
    }

    [Fact]
    public void The_program_has_no_children_that_it_did_not_make() =>
        Assert.Equal("\n", Launch("read -r children < /proc/$$/task/$$/children; echo $children").Output);

    [Fact]
    public void Nobody_who_reads_the_output_waits_for_the_broker()
    {
        // A session stays open in the background; the reader's end of file must come with the program's end.
        (int code, string output) = Run(Shell("\"$0\" --launch -- echo done | cat", WeirRun.Worker));
        Assert.Equal((0, "done\n"), (code, output));
    }

    [Fact]
    public void Environment_is_the_same_but_for_what_leads_to_the_library()
    {
        string[] direct = Direct("env").Output.Split('\n');
        string[] launched = Launch("env").Output.Split('\n');
        string[] added = [.. launched.Except(direct).Select(line => line.Split('=')[0]).Order(StringComparer.Ordinal)];
        Assert.Equal(["LD_LIBRARY_PATH", "OCL_ICD_VENDORS", "OPENCL_VENDOR_PATH", "WEIR_SOCKET"], added);
    }

    [Fact]
    public void A_library_path_of_the_users_comes_after_the_shim()
    {
        ProcessStartInfo start = WeirRun.Command(["--launch", "--", "printenv", "LD_LIBRARY_PATH"]);
        start.Environment["LD_LIBRARY_PATH"] = "/my/own:/libs";
        Assert.Equal(Path.Combine(WeirRun.Artifacts, "shim") + ":/my/own:/libs\n", Run(start).Output);
    }

    [Fact]
    public void Scripts_without_an_interpreter_line_run_as_in_a_shell()
    {
        string script = Path.Combine(AppContext.BaseDirectory, $"script-{Guid.NewGuid():N}");
        File.WriteAllText(script, "echo script $1; exit 9\n");
        File.SetUnixFileMode(script, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        Assert.Equal((9, "script x\n"), Run(WeirRun.Command(["--launch", "--", script, "x"])));
    }

    [Fact]
    public void Bytes_that_are_no_text_pass_through_in_arguments()
    {
        const string Print = "printf '%s' \"$1\" | od -An -tx1";
        Assert.Equal(
            " ff fe 80\n",
            Run(
                Shell("exec \"$0\" --launch -- sh -c \"$1\" x \"$(printf '\\377\\376\\200')\"", WeirRun.Worker, Print)
            ).Output
        );
    }

    [Fact]
    public void Mistakes_are_named_and_have_the_codes_of_a_shell()
    {
        Assert.Equal(127, Run(WeirRun.Command(["--launch", "--", "no-such-program"])).ExitCode);
        Assert.Equal(126, Run(WeirRun.Command(["--launch", "--", "/etc/passwd"])).ExitCode);
        Assert.Equal(2, Run(WeirRun.Command(["--launch", "--mem", "lots", "--", "true"])).ExitCode);
        Assert.Equal(2, Run(WeirRun.Command(["--launch"])).ExitCode);
    }

    private static (int ExitCode, string Output) Launch(string script) =>
        Run(WeirRun.Command(["--launch", "--", "sh", "-c", script]));

    private static (int ExitCode, string Output) Direct(string script) => Run(Shell(script, "sh"));

    private static ProcessStartInfo Shell(string script, params IEnumerable<string> arguments) =>
        Program("/bin/sh", ["-c", script, .. arguments]);

    private static ProcessStartInfo Program(string name, IEnumerable<string> arguments)
    {
        ProcessStartInfo start = WeirRun.Command(arguments);
        start.FileName = name;
        return start;
    }

    private static (int ExitCode, string Output) Run(ProcessStartInfo start)
    {
        start.StandardOutputEncoding = Encoding.Latin1;
        using Process process = Process.Start(start)!;
        process.StandardInput.Close();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        _ = errors.Result;
        return (process.ExitCode, output);
    }
}
