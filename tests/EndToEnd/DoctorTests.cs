namespace Weir.EndToEnd;

/// <summary>`weir doctor` names what a program asked for and did not get.</summary>
public class DoctorTests
{
    [Fact]
    public void Missing_calls_are_named_after_a_run()
    {
        string folder = WeirInstallation.NewFolder();
        string program = ClientRun.Compile(
            Path.Combine(WeirInstallation.Root, "tests", "EndToEnd", "clients", "missing_calls.c"),
            folder
        );
        (ProgramRun run, _) = ClientRun.RunWithReport(Path.Combine(folder, "report.jsonl"), program);
        run.Succeeded();
        // The newer form of the question succeeds and says by status 1 that there is no such symbol.
        Assert.Equal("unknown: 0, status 1, null\nrefused: 801\n", run.Text);

        string doctor = ClientRun.Weir("doctor").Text;
        Assert.Contains("cuNobodyHasEverHeardOfThis", doctor);
        Assert.Contains("cuGLGetDevices", doctor);
    }

    [Fact]
    public void A_complete_installation_is_well()
    {
        ProgramRun run = ClientRun.Weir("doctor").Succeeded();
        Assert.NotEmpty(run.Text);
    }

    [Fact]
    public void Devices_are_listed()
    {
        ProgramRun run = ClientRun.Weir("devices").Succeeded();
        Assert.NotEmpty(run.Text);
    }
}
