using System.Text.Json;

namespace Weir.EndToEnd;

/// <summary>What a real program used is in the books, once, whatever was killed on the way.</summary>
public class PoolDebtTests
{
    [Fact]
    public async Task A_programs_use_is_told_once_through_a_move_and_deaths_of_agent_and_controller()
    {
        using var pool = PoolInstallation.Start();
        string folder = WeirInstallation.NewFolder("debt");
        string program = ClientRun.Compile(
            Path.Combine(WeirInstallation.Root, "tests", "EndToEnd", "clients", "idle.c"),
            folder
        );
        string there = Path.Combine(folder, "there");
        string go = Path.Combine(folder, "go");
        var running = Task.Run(() => pool.Weir("run", "--gpus", "1", "--mem", "256MiB", "--", program, there, go));
        Awaited.True(() => File.Exists(there) || running.IsCompleted, "the program has filled its memory");
        Assert.False(running.IsCompleted, running.IsCompleted ? (await running).Errors : "");
        Awaited.True(() => Used(pool, program) > 0, "what it used so far is known");
        long before = Used(pool, program);

        // Its next worker begins to count at zero, and what the one before had counted stays.
        string session = pool.Json("ps").GetProperty("sessions")[0].GetProperty("id").GetString()!;
        pool.Weir("migrate", session).Succeeded();
        pool.Kill("weir-agent");
        pool.KillController();
        Awaited.True(() => pool.Weir("ps").ExitCode == 0, "the controller is back");
        Awaited.True(
            () => pool.Json("nodes")[0].GetProperty("state").GetString() == "ready",
            "the agent is back, and has said what is"
        );
        File.WriteAllText(go, "");
        Assert.Equal("all as it was\n", (await running).Succeeded().Text);
        Awaited.True(() => pool.Json("ps").GetProperty("sessions").GetArrayLength() == 0, "its session has ended");
        Awaited.True(() => Used(pool, program) > before, "what it used since is known too");

        // From here on nothing is used; asking again, of another controller too, tells the same.
        long all = Used(pool, program);
        pool.KillController();
        Awaited.True(() => pool.Weir("ps").ExitCode == 0, "the controller is back");
        Assert.Equal(all, Used(pool, program));
        JsonElement debt = pool.Json("debt", "--from", "1h");
        Assert.Equal(0, debt.GetProperty("total").GetProperty("residual").GetInt64());
        Assert.True(debt.GetProperty("memory").GetProperty("used").GetInt64() > 0);

        // The page for those who pay, and what monitoring reads.
        string report = Path.Combine(folder, "report.html");
        pool.Weir("report", "--quarter", "--out", report).Succeeded();
        Assert.Contains("Compute debt", File.ReadAllText(report));
        Assert.Contains("Demand of all projects", pool.Weir("forecast").Succeeded().Text);
        Assert.Contains("What to fix", pool.Weir("advise").Succeeded().Text);
    }

    // Device time in microseconds.
    private static long Used(PoolInstallation pool, string program)
    {
        ProgramRun run = pool.Weir("debt", "--by", "program", "--from", "1h", "--output", "json");
        if (run.ExitCode != 0)
        {
            // Nobody answers just now.
            return 0;
        }
        JsonElement mine = JsonDocument
            .Parse(run.Text)
            .RootElement.GetProperty("groups")
            .EnumerateArray()
            .FirstOrDefault(group =>
                program.EndsWith(group.GetProperty("key").GetString()!, StringComparison.Ordinal)
                && group.GetProperty("key").GetString()!.Length > 0
            );
        return mine.ValueKind == JsonValueKind.Undefined ? 0 : mine.GetProperty("parts").GetProperty("used").GetInt64();
    }
}
