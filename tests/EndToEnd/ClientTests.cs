namespace Weir.EndToEnd;

/// <summary>The API as programs in C, Python and .NET meet it.</summary>
public class ClientTests
{
    [Theory]
    [InlineData("errors")]
    [InlineData("threads")]
    [InlineData("forks")]
    [InlineData("order")]
    [InlineData("contexts")]
    [InlineData("libraries")]
    [InlineData("pools")]
    [InlineData("mappings")]
    [InlineData("textures")]
    [InlineData("graphs")]
    [InlineData("captures")]
    public void A_client_in_c_gets_the_answers_that_it_expects(string name) =>
        ClientRun.Run(Compile(name, WeirInstallation.NewFolder())).Succeeded();

    [Fact]
    public void Texture_objects_that_come_again_for_every_frame_are_asked_for_once()
    {
        string folder = WeirInstallation.NewFolder();
        string program = Compile("textures", folder);
        Assert.Equal(Calls(10), Calls(100));

        long Calls(int frames)
        {
            string report = Path.Combine(folder, $"report-{frames}");
            (ProgramRun run, var sessions) = ClientRun.RunWithReport(report, program, "frames", $"{frames}");
            run.Succeeded();
            return sessions[0].GetProperty("calls").GetInt64() + sessions[0].GetProperty("posts").GetInt64();
        }
    }

    [Theory]
    [InlineData("exit", 0)]
    [InlineData("quick_exit", 0)]
    [InlineData("_exit", 0)]
    [InlineData("atexit", 0)]
    [InlineData("dlclose", 0)]
    [InlineData("both-names", 0)]
    [InlineData("kill", 128 + 9)]
    [InlineData("abort", 128 + 6)]
    public void A_client_may_end_in_any_way(string way, int expected)
    {
        string program = Compile("endings", WeirInstallation.NewFolder());
        for (int round = 0; round < 5; round++)
        {
            ProgramRun run = ClientRun.Run(program, way);
            Assert.True(run.ExitCode == expected, $"exit code {run.ExitCode}: {run.Errors}");
        }
    }

    [Fact]
    public void A_client_may_be_written_in_python() =>
        Assert.Equal("python ok\n", ClientRun.Run("/usr/bin/env", "python3", Source("client.py")).Succeeded().Text);

    [Fact]
    public void A_client_may_itself_be_written_in_dotnet()
    {
        string program = Path.Combine(
            WeirInstallation.Root,
            "tests",
            "DotnetClient",
            "bin",
            "Release",
            "net10.0",
            "DotnetClient.dll"
        );
        Assert.Equal("dotnet ok\n", ClientRun.Run("dotnet", program).Succeeded().Text);
    }

    [Fact]
    public void Hundreds_of_clients_in_a_row_leave_nothing_behind() => Cycle(300);

    [Fact(Explicit = true)]
    public void Thousands_of_clients_in_a_row_leave_nothing_behind() => Cycle(10_000);

    // On a busy machine; usually it is a tenth of this.
    private static readonly TimeSpan s_mostPerClient = TimeSpan.FromMilliseconds(200);

    private static void Cycle(int count)
    {
        string folder = WeirInstallation.NewFolder();
        string program = Compile("cycle", folder);
        Leftovers before = Leftovers.Count();
        ClientRun.Run(TimeSpan.FromMinutes(1) + count * s_mostPerClient, program, $"{count}").Succeeded();
        Leftovers.AssertBackTo(before);
    }

    private static string Source(string name) =>
        Path.Combine(WeirInstallation.Root, "tests", "EndToEnd", "clients", name);

    private static string Compile(string name, string folder) => ClientRun.Compile(Source(name + ".c"), folder);
}
