using System.Text.Json;
using Weir.Worker.Summaries;

namespace Weir.Worker.Tests.Sessions;

/// <summary>What is left of sessions on disk.</summary>
public class SummaryStoreTests
{
    [Fact]
    public void The_newest_hundred_are_kept_and_reports_are_lines()
    {
        string state = Path.Combine(AppContext.BaseDirectory, $"state-{Guid.NewGuid():N}");
        string report = Path.Combine(AppContext.BaseDirectory, $"report-{Guid.NewGuid():N}.jsonl");
        string? before = Environment.GetEnvironmentVariable("XDG_STATE_HOME");
        Environment.SetEnvironmentVariable("XDG_STATE_HOME", state);
        try
        {
            for (int i = 0; i < SummaryStore.Keep + 5; i++)
            {
                SummaryStore.Write(Summary($"20260101-{i:d6}-1"), report);
            }
            string[] files =
            [
                .. Directory.GetFiles(Path.Combine(state, "weir", "sessions")).Order(StringComparer.Ordinal),
            ];
            Assert.Equal(SummaryStore.Keep, files.Length);
            Assert.EndsWith("20260101-000005-1.json", files[0]);
            string[] lines = File.ReadAllLines(report);
            Assert.Equal(SummaryStore.Keep + 5, lines.Length);
            JsonElement last = JsonDocument.Parse(lines[^1]).RootElement;
            Assert.Equal("/usr/bin/program", last.GetProperty("program").GetString());
            Assert.Equal(3, last.GetProperty("refused").GetProperty("cuSomething").GetInt64());
        }
        finally
        {
            Environment.SetEnvironmentVariable("XDG_STATE_HOME", before);
            Directory.Delete(state, recursive: true);
            File.Delete(report);
        }
    }

    [Fact]
    public void A_place_that_cannot_be_written_to_is_no_trouble() =>
        SummaryStore.Write(Summary("20260101-000000-2"), "/proc/no/such/place");

    private static SessionSummary Summary(string id) =>
        new()
        {
            Id = id,
            Program = "/usr/bin/program",
            Arguments = ["program"],
            ProcessId = 1,
            WorkerProcessId = 2,
            Device = "device",
            Backend = "software",
            Started = DateTime.UnixEpoch,
            Seconds = 1,
            End = "closed",
            Refused = new Dictionary<string, long> { ["cuSomething"] = 3 },
        };
}
