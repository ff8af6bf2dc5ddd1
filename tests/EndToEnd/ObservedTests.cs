using System.Text.Json;

namespace Weir.EndToEnd;

/// <summary>`weir run --check` and `--profile`, as a person uses them.</summary>
public class ObservedTests
{
    [Fact]
    public void A_check_names_each_mistake_with_its_place()
    {
        string program = Build("faulty");
        ProgramRun run = ClientRun.Weir("run", "--check", "--", program);
        Assert.True(run.ExitCode == 1, run.Errors);
        Assert.Equal("beyond reversed unwritten crooked late\n", run.Text);
        string[] findings = run.Errors.Split("weir check: ", StringSplitOptions.RemoveEmptyEntries);
        Has("out of bounds: write of 4 bytes", "beyond", "block (3,0,0), thread (232,0,0)");
        Has("race in shared memory: read of 4 bytes", "reversed", "block (0,0,0)");
        Has("shared memory that nobody wrote: read of 4 bytes", "unwritten", "thread (128,0,0)");
        Has("misaligned: write of 4 bytes", "crooked", "thread (0,0,0)");
        Has("use after free: write of 4 bytes", "late", "32 times there");
        Assert.Contains("wrong accesses at ", findings[^1]);

        void Has(string what, string kernel, string where) =>
            Assert.True(
                findings.Any(one =>
                    one.StartsWith(what, StringComparison.Ordinal) && one.Contains(kernel) && one.Contains(where)
                ),
                $"no finding '{what}' in {kernel} at {where}:\n{run.Errors}"
            );
    }

    [Fact]
    public void A_check_of_a_program_without_mistakes_changes_nothing()
    {
        ProgramRun run = ClientRun.Weir("run", "--check", "--", Build("scan"));
        Assert.Equal((0, "weir check: nothing found\n"), (run.ExitCode, run.Errors));
    }

    [Fact]
    public void A_profile_tells_of_each_kernel_and_leaves_a_trace()
    {
        string program = Build("matmul");
        string trace = Path.Combine(Path.GetDirectoryName(program)!, "trace.json");
        ProgramRun run = ClientRun.Weir("run", "--profile", trace, "--", program);
        Assert.True(run.ExitCode == 0, run.Errors);
        string[] lines = run.Errors.Split('\n');
        Assert.StartsWith("kernel ", lines[0]);
        Assert.Contains(lines, line => line.Contains("product"));
        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(trace));
        JsonElement[] events = [.. document.RootElement.GetProperty("traceEvents").EnumerateArray()];
        Assert.Contains(events, one => one.GetProperty("name").GetString() == "process_name");
        Assert.Contains(
            events,
            one => one.GetProperty("ph").GetString() == "X" && one.GetProperty("dur").GetDouble() > 0
        );
    }

    [Fact]
    public void What_cannot_be_observed_is_said()
    {
        ProgramRun run = ClientRun.Weir("run", "--check", "--profile", "x", "--", "/bin/true");
        Assert.Equal(2, run.ExitCode);
        Assert.Contains("one at a time", run.Errors);
        run = ClientRun.Weir("run", "--check", "--", "/bin/false");
        Assert.Equal((1, "weir check: nothing found\n"), (run.ExitCode, run.Errors));
    }

    private static string Build(string sample)
    {
        string program = Path.Combine(WeirInstallation.NewFolder(), sample);
        string source = Path.Combine(WeirInstallation.Root, "samples", "cuda", sample + ".cu");
        ClientRun.Weir("cc", source, "-o", program).Succeeded();
        return program;
    }
}
