using System.Text.Json;
using Weir.Controller.Tests.Support;

namespace Weir.Controller.Tests;

/// <summary>`weir simulate` as a person uses it: reports, and what is said about bad input.</summary>
public class SimulateCommandTests
{
    [Fact]
    public async Task A_replay_in_arrival_mode_leaves_a_report()
    {
        using var folder = new TestFolder();
        string output = await Says(folder, "--trace", "openb", "--policy", "fgd,bestfit", "--seeds", "1");
        Assert.Contains("report.html", output);
        Assert.Contains("fgd, published", await Text(folder, "report.html"));
        using var json = JsonDocument.Parse(await Text(folder, "report.json"));
        double[] allocated =
        [
            .. json.RootElement.EnumerateArray().Select(run => run.GetProperty("finalAllocation").GetDouble()),
        ];
        // The published means at 130 %: FGD 95.4, best fit 93.1.
        Assert.InRange(allocated[0], 94.5, 96.3);
        Assert.InRange(allocated[1], 92, 94.2);
    }

    [Fact]
    public async Task A_replay_in_time_leaves_one_too()
    {
        using var folder = new TestFolder();
        await Says(folder, "--trace", "openb", "--mode", "time", "--policy", "fgd", "--seeds", "1", "--load", "0.9");
        Assert.Contains("35 days", await Text(folder, "report.html"));
        Assert.Contains("wait_mean_s", await Text(folder, "report.csv"));
    }

    [Fact]
    public async Task Bad_lines_are_named_and_left_out_only_when_asked()
    {
        using var folder = new TestFolder();
        await File.WriteAllTextAsync(
            folder.At("nodes.csv"),
            "sn,cpu_milli,memory_mib,gpu,model\nn1,64000,262144,8,A\n",
            TestContext.Current.CancellationToken
        );
        await File.WriteAllTextAsync(
            folder.At("jobs.csv"),
            "name,submit_s,duration_s,gpus\na,0,100,2\nb,10,100,-3\nc,20,100,1\n",
            TestContext.Current.CancellationToken
        );
        string[] trace =
        [
            "--trace",
            folder.At("jobs.csv"),
            "--nodes",
            folder.At("nodes.csv"),
            "--policy",
            "bestfit",
            "--seeds",
            "1",
        ];
        Assert.Contains("jobs.csv, line 3: ", await Refuses(folder, trace));
        await Says(folder, [.. trace, "--skip-bad"]);
        Assert.Contains("1 lines that make no sense were left out", await Text(folder, "report.html"));
    }

    [Fact]
    public async Task Names_that_do_not_exist_get_the_nearest_one_offered()
    {
        using var folder = new TestFolder();
        Assert.Contains("did you mean 'bestfit'?", await Refuses(folder, "--policy", "bestfti"));
        Assert.Contains("daily", await Refuses(folder, "--trace", "openc"));
        Assert.Contains("numbers like 0.9", await Refuses(folder, "--mode", "time", "--load", "high"));
        Assert.Contains("--seeds takes", await Refuses(folder, "--seeds", "0"));
    }

    private static async Task<string> Says(TestFolder folder, params string[] arguments)
    {
        var (exitCode, output, errors) = await Run(folder, arguments);
        Assert.True(exitCode == 0, $"weir simulate {string.Join(' ', arguments)}: {exitCode}: {errors}");
        return output;
    }

    private static async Task<string> Refuses(TestFolder folder, params string[] arguments)
    {
        var (exitCode, _, errors) = await Run(folder, arguments);
        Assert.Equal(2, exitCode);
        return errors;
    }

    private static Task<(int ExitCode, string Output, string Errors)> Run(TestFolder folder, string[] arguments) =>
        WeirCommand.RunAsync(folder.At("none.sock"), ["simulate", .. arguments, "--out", folder.At("report")]);

    private static Task<string> Text(TestFolder folder, string name) =>
        File.ReadAllTextAsync(folder.At($"report/{name}"), TestContext.Current.CancellationToken);
}
