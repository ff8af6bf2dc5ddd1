namespace Weir.Shim.Tests;

/// <summary>What clients in C and Python meet, each a process of its own.</summary>
public sealed class GuestTests
{
    private static bool IsLong => Environment.GetEnvironmentVariable("WEIR_LONG") == "1";

    [Fact]
    public void Without_a_broker_it_is_silent_and_says_that_there_is_no_device()
    {
        var run = Artifacts.RunClient("alone", false);
        Assert.Equal((0, "", ""), run);
    }

    [Theory]
    [InlineData("copies")]
    [InlineData("host_memory")]
    [InlineData("callbacks")]
    [InlineData("contexts")]
    [InlineData("nvml")]
    [InlineData("signals")]
    [InlineData("worker_dies")]
    public void A_client_finds_what_it_expects(string name)
    {
        var run = Artifacts.RunClient(name, true);
        Assert.Equal((0, "", ""), run);
    }

    [Fact]
    public void Threads_come_and_go_more_often_than_there_are_rings()
    {
        var run = Artifacts.RunClient("turnover", true, IsLong ? "10000" : "100");
        Assert.Equal((0, "", ""), run);
    }

    [Fact]
    public void A_killed_client_leaves_no_worker_even_if_its_child_lives_on()
    {
        var run = Artifacts.RunAttached("python3", Artifacts.Client("orphans.py"));
        int worker = int.Parse(run.Output);
        for (int attempt = 0; attempt < 1000 && IsRunning(worker); attempt++)
        {
            Thread.Sleep(10);
        }
        Assert.False(IsRunning(worker));
    }

    [Fact]
    public void A_reason_is_logged_only_when_asked_for()
    {
        var run = Artifacts.Run("/usr/bin/env", ["WEIR_LOG=stderr", "python3", "-c", Start]);
        Assert.Equal(0, run.ExitCode);
        Assert.Contains("WEIR_SOCKET is not set", run.Errors);
        run = Artifacts.Run("/usr/bin/env", ["WEIR_LOG=stderr", "WEIR_SOCKET=@weir-nobody", "python3", "-c", Start]);
        Assert.Equal(0, run.ExitCode);
        Assert.Contains("nobody answers at WEIR_SOCKET: @weir-nobody", run.Errors);
    }

    [Fact]
    public void Little_address_space_is_enough()
    {
        string command = $"ulimit -v 12000000; exec python3 -c \"{Start.Replace("100", "0")}\"";
        var run = Artifacts.RunAttached("/bin/sh", "-c", command);
        Assert.Equal((0, "", ""), run);
    }

    /// <summary>A process that has ended counts as gone, whether or not somebody has asked for its exit code.</summary>
    private static bool IsRunning(int process)
    {
        try
        {
            string stat = File.ReadAllText($"/proc/{process}/stat");
            return stat[stat.LastIndexOf(')') + 2] is not ('Z' or 'X');
        }
        catch (IOException)
        {
            return false;
        }
    }

    /// <summary>Ends with 0 if cuInit answers 100.</summary>
    private const string Start = "import ctypes, sys; sys.exit(ctypes.CDLL('libcuda.so.1').cuInit(0) != 100)";
}
