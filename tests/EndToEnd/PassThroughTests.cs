namespace Weir.EndToEnd;

/// <summary>`weir run` must not be noticed by the program that it runs.</summary>
public class PassThroughTests
{
    [Fact]
    public void Stdin_and_stdout_pass_through_unchanged()
    {
        byte[] data = new byte[32 << 20];
        new Random(4).NextBytes(data);
        ProgramRun run = ProgramRun.Start(
            WeirInstallation.Worker,
            ["--launch", "--", "cat"],
            data,
            ClientRun.Environment
        );
        Assert.Equal(0, run.ExitCode);
        Assert.Equal("", run.Errors);
        Assert.True(data.AsSpan().SequenceEqual(run.Output));
    }

    [Theory]
    [InlineData("exit 0", 0)]
    [InlineData("exit 1", 1)]
    [InlineData("exit 77", 77)]
    [InlineData("exit 255", 255)]
    [InlineData("kill -TERM $$", 128 + 15)]
    [InlineData("kill -KILL $$", 128 + 9)]
    [InlineData("kill -SEGV $$", 128 + 11)]
    public void Exit_codes_and_signals_are_the_programs_own(string script, int expected) =>
        Assert.Equal(expected, ClientRun.Run("sh", "-c", script).ExitCode);

    [Fact]
    public void The_command_line_hands_over_in_the_same_way()
    {
        ProgramRun run = ClientRun.Weir("run", "--", "sh", "-c", "echo out; echo err >&2; exit 5");
        Assert.Equal(5, run.ExitCode);
        Assert.Equal("out\n", run.Text);
        Assert.Equal("err\n", run.Errors);
    }

    [Fact]
    public void Arguments_arrive_as_they_were_given()
    {
        string[] words = ["", " ", "a b", "--device", "--", "'\"\\$x*", "zażółć", "\n"];
        ProgramRun run = ClientRun.Run("printf", ["%s\\0", .. words]);
        Assert.Equal(string.Concat(words.Select(word => word + "\0")), run.Text);
    }

    [Fact]
    public void A_program_that_does_not_exist_is_named()
    {
        ProgramRun run = ClientRun.Run("no-such-program-here");
        Assert.Equal(127, run.ExitCode);
        Assert.Contains("no-such-program-here", run.Errors);
    }
}
