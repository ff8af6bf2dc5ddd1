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
        // CUDA_ERROR_NOT_FOUND with status 1 (symbol not found) and a null address; CUDA_ERROR_NOT_SUPPORTED.
        Assert.Equal("unknown: 500, status 1, null\nrefused: 801\n", run.Text);

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
