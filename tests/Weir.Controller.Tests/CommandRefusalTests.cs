using Weir.Controller.Tests.Support;
using Weir.Protocol.Rest;

namespace Weir.Controller.Tests;

/// <summary>What a person asks for and cannot have, at a command line: a sentence that says what to do, and an exit code.</summary>
public class CommandRefusalTests
{
    [Fact]
    public async Task A_quota_that_is_exceeded_starts_nothing()
    {
        await using var pool = await TestPool.StartAsync();
        await pool.NodeAsync("n1", devices: 2);
        await pool.Client.PutAsync(
            "v1/projects/default",
            new ProjectView { Members = ["*"], ComputeQuota = 50 },
            RestJson.Default.ProjectView
        );
        foreach (string command in (string[])["run", "shell"])
        {
            var (exitCode, _, errors) = await WeirCommand.RunAsync(
                pool,
                [command, "--gpus", "1", .. command == "run" ? (string[])["--", "true"] : []]
            );
            Assert.Equal(125, exitCode);
            Assert.Contains("may have 0.5 devices", errors);
            Assert.Contains("ask for less", errors);
        }
        var (code, _, said) = await WeirCommand.RunAsync(pool, "submit", "--gpus", "1", "--", "true");
        Assert.Equal(1, code);
        Assert.Contains("may have 0.5 devices", said);
        Assert.Empty(await pool.LeasesAsync(all: true));
    }

    [Theory]
    [InlineData("command: [a, b\n", "job.yaml:2:1")]
    [InlineData("command: ls\ngpus: 1.5\n", "job.yaml:2:7")]
    [InlineData("command: ls\ncolour: red\n", "job.yaml:2:1: \"colour\" is not known here")]
    public async Task A_bad_job_file_queues_nothing_and_is_told_by_line_and_column(string text, string says)
    {
        await using var pool = await TestPool.StartAsync();
        string file = pool.Folder.At("job.yaml");
        await File.WriteAllTextAsync(file, text, TestContext.Current.CancellationToken);
        var (exitCode, _, errors) = await WeirCommand.RunAsync(pool, "submit", file);
        Assert.NotEqual(0, exitCode);
        Assert.Contains(says, errors);
        Assert.Empty(await pool.Client.GetAsync("v1/workloads", RestJson.Default.WorkloadViewArray));
    }
}
