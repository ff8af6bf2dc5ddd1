using System.Text.Json;
using Weir.Controller.Tests.Support;
using Weir.Protocol.Rest;

namespace Weir.Controller.Tests;

/// <summary>`weir project`, `calendar`, `queue`, `explain`, `rebalance` and `simulate --from-history`, as a person uses them.</summary>
public class QueueCommandTests
{
    [Fact]
    public async Task Projects_form_a_tree_and_senseless_ones_are_refused()
    {
        await using var pool = await TestPool.StartAsync();
        await pool.NodeAsync("n1", devices: 4);
        await Says(pool, "project", "create", "lab", "--gpus", "3", "--weight", "2", "--limit", "4");
        await Says(pool, "project", "create", "vision", "--parent", "lab", "--gpus", "2", "--member", "*");
        await Says(pool, "project", "create", "speech", "--parent", "lab", "--gpus", "1", "--member", "*");
        await Says(pool, "project", "weight", "speech", "3");
        string list = await Says(pool, "project", "list");
        Assert.Contains("lab ", list);
        Assert.Contains("  speech", list);
        Assert.Contains("did you mean 'lab'?", await Refuses(pool, "project", "create", "x", "--parent", "lap"));
        Assert.Contains("add up to", await Refuses(pool, "project", "quota", "speech", "--gpus", "2"));
        Assert.Contains("beyond its limit", await Refuses(pool, "project", "quota", "lab", "--limit", "2"));
        Assert.Contains("is there", (await Refuses(pool, "project", "create", "lab")).Replace("there is", "is there"));
        Assert.Contains("no number", await Refuses(pool, "project", "quota", "lab", "--gpus", "many"));
        Assert.Contains("below it", await Refuses(pool, "project", "remove", "lab"));
        // A cycle can only be written past the command.
        var lab = (await pool.Client.GetAsync("v1/projects", RestJson.Default.ProjectViewArray)).Single(one =>
            one.Name == "lab"
        );
        var cycle = await Assert.ThrowsAsync<Weir.Cli.Pool.PoolException>(() =>
            pool.Client.PutAsync("v1/projects/lab", lab with { Parent = "vision" }, RestJson.Default.ProjectView)
        );
        Assert.Contains("among its own ancestors", cycle.Message);
        // Only leaves have leases.
        Assert.Contains(
            "projects below it",
            (await LeaseTests.Refused(pool, new ClaimRequest { Project = "lab" })).Message
        );
        await pool.ClaimAsync(new ClaimRequest { Project = "vision" });
        Assert.Contains("leases or workloads", await Refuses(pool, "project", "create", "deep", "--parent", "vision"));
        using var json = JsonDocument.Parse(await Says(pool, "project", "list", "--output", "json"));
        Assert.Equal(4, json.RootElement.GetArrayLength());
    }

    [Fact]
    public async Task The_queue_and_its_reasons_are_shown()
    {
        await using var pool = await TestPool.StartAsync();
        await pool.NodeAsync("n1", devices: 1);
        Assert.Contains("Nothing of yours waits", await Says(pool, "queue"));
        var lease = await pool.ClaimAsync(new ClaimRequest());
        var job = await pool.SubmitAsync(SchedulingTests.Job("default"));
        Assert.Contains(job.Id, await Says(pool, "queue"));
        using (var queue = JsonDocument.Parse(await Says(pool, "queue", "--output", "json")))
        {
            Assert.Equal(job.Id, queue.RootElement.GetProperty("waiting")[0].GetProperty("id").GetString());
        }
        string told = await Says(pool, "explain", job.Id);
        Assert.Contains("waits", told);
        Assert.Contains("too little free on its devices", told);
        Assert.Contains("expected: not known", told);
        Assert.Contains("wait:", told);
        Assert.Contains("runs on n1", await Says(pool, "explain", lease.Lease.Id));
        Assert.Contains("weir queue", await Refuses(pool, "explain", "w-unknown"));
        Assert.Contains("No move makes room", await Says(pool, "rebalance", "--dry-run"));
        Assert.Contains("No move makes room", await Says(pool, "rebalance"));
        Assert.Contains("out of range", await Refuses(pool, "rebalance", "--dry-run", "--moves", "0"));
    }

    [Fact]
    public async Task Pools_and_calendars_are_set_by_command()
    {
        await using var pool = await TestPool.StartAsync();
        await pool.NodeAsync("n1");
        await Says(pool, "pools", "set", "default", "--policy", "bestfit", "--lends", "true", "--reserve-after", "1m");
        string pools = await Says(pool, "pools");
        Assert.Contains("bestfit", pools);
        Assert.Contains("lends", pools);
        Assert.Contains(
            "did you mean 'balanced'?",
            await Refuses(pool, "pools", "set", "default", "--policy", "balance")
        );
        string[] night = ["calendar", "set", "night", "--project", "default", "--from", "22:00", "--to", "06:00"];
        Assert.Contains("changes nothing", await Refuses(pool, night));
        Assert.Contains("no days", await Refuses(pool, [.. night, "--gpus", "2", "--days", "someday"]));
        Assert.Contains("no time of day", await Refuses(pool, [.. night[..^1], "25:00", "--gpus", "2"]));
        Assert.Contains(
            "did you mean 'default'?",
            await Refuses(
                pool,
                "calendar",
                "set",
                "n",
                "--project",
                "defalt",
                "--from",
                "22:00",
                "--to",
                "06:00",
                "--gpus",
                "1"
            )
        );
        await Says(pool, [.. night, "--gpus", "2", "--days", "mon-fri"]);
        Assert.Contains("mon-fri", await Says(pool, "calendar", "list"));
        await pool.ClaimAsync(new ClaimRequest());
        await Says(pool, "calendar", "remove", "night");
        Assert.Contains("No calendars", await Says(pool, "calendar", "list"));
    }

    [Fact]
    public async Task The_past_is_replayed_with_other_policies_and_more_devices()
    {
        await using var pool = await TestPool.StartAsync();
        await pool.NodeAsync("n1");
        Assert.Contains("no past", await Refuses(pool, "simulate", "--from-history", "--out", pool.Folder.At("r")));
        for (int i = 0; i < 3; i++)
        {
            var lease = await pool.ClaimAsync(new ClaimRequest());
            await pool.EndAsync(lease.Lease.Id);
        }
        await LeaseTests.Until(async () =>
            (await pool.Client.GetAsync("v1/history", RestJson.Default.HistoryView)).Claims.Count(one =>
                one.Ended is not null
            ) == 3
        );
        string said = await Says(
            pool,
            "simulate",
            "--from-history",
            "--policy",
            "bestfit",
            "--add-devices",
            "8xmodel",
            "--out",
            pool.Folder.At("r")
        );
        Assert.Contains("8xmodel more", said);
        Assert.Contains(
            "as it was",
            await File.ReadAllTextAsync(pool.Folder.At("r/report.html"), TestContext.Current.CancellationToken)
        );
        Assert.Contains("did you mean", await Refuses(pool, "simulate", "--from-history", "--policy", "bestfot"));
        Assert.Contains("say its memory", await Refuses(pool, "simulate", "--from-history", "--add-devices", "8xH100"));
        Assert.Contains("--from-history", await Refuses(pool, "simulate", "--add-devices", "8xH100"));
    }

    private static Task<string> Says(TestPool pool, params string[] arguments) =>
        WeirCommand.SaysAsync(pool, arguments);

    private static Task<string> Refuses(TestPool pool, params string[] arguments) =>
        WeirCommand.RefusesAsync(pool, arguments);
}
