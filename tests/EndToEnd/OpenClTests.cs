using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Weir.EndToEnd;

/// <summary>Programs of OpenCL on the machine's own drivers (PoCL), through all layers.</summary>
public partial class OpenClTests
{
    [Fact]
    public void A_client_in_c_gets_what_the_specification_says() =>
        Assert.Equal("opencl basics ok\n", ClientRun.Run(Compile("opencl_basics"), "strict").Succeeded().Text);

    [Fact]
    public void Clinfo_tells_the_same_as_without_weir_but_for_what_is_weirs()
    {
        string[] direct = Answers(ProgramRun.Start("clinfo", []).Succeeded().Text);
        string here = ClientRun.Run(Tool("clinfo")).Succeeded().Text;
        Assert.Contains("Weir: Portable Computing Language", here);
        Assert.Empty(direct.Except(Answers(here)));
    }

    [Fact]
    public void Arrays_reductions_scans_and_images_of_pyopencl_work() =>
        Assert.EndsWith(
            "pyopencl ok\n",
            ProgramRun
                .Start(
                    WeirInstallation.Worker,
                    ["--launch", "--device", "software", "--", PythonProgram(), Source("opencl.py")],
                    environment: Python()
                )
                .Succeeded()
                .Text
        );

    [Fact]
    public void Clpeak_measures() =>
        Assert.Contains("Kernel launch latency", ClientRun.Run(Tool("clpeak"), "--kernel-latency").Succeeded().Text);

    [Fact]
    public void Hashcat_finds_a_password()
    {
        Assert.SkipUnless(
            Directory.Exists("/usr/share/hashcat"),
            "hashcat looks for its kernels in /usr/share/hashcat, where they are not"
        );
        string folder = WeirInstallation.NewFolder();
        // MD5 of 4711.
        ProgramRun run = ProgramRun.Start(
            WeirInstallation.Worker,
            [
                "--launch",
                "--device",
                "software",
                "--",
                Tool("hashcat"),
                "--force",
                "--potfile-disable",
                "--quiet",
                "-m",
                "0",
                "-a",
                "3",
                "b52340b4de4566b804c9880aa0b4af5f",
                "?d?d?d?d",
            ],
            environment: new Dictionary<string, string?>(ClientRun.Environment) { ["HOME"] = folder },
            workingDirectory: folder
        );
        Assert.Contains("b52340b4de4566b804c9880aa0b4af5f:4711", run.Text);
    }

    [Fact]
    public void State_leaves_its_worker_and_comes_back()
    {
        using var program = PortableProgram.Start("opencl_portable", isBusy: false);
        for (int round = 0; round < 2; round++)
        {
            program.Change();
            int before = program.Worker;
            _ = SessionDeskClient.Do("move", program.Id);
            Assert.NotEqual(before, program.Worker);
            program.Verify();
            program.Change();
            _ = SessionDeskClient.Do("park", program.Id);
            program.Verify();
            program.Change();
            program.Verify();
        }
        program.Finish();
    }

    [Fact]
    public void A_killed_worker_is_replaced_from_the_image()
    {
        using var program = PortableProgram.Start("opencl_portable", isBusy: false);
        program.Change();
        program.Verify();
        string folder = WeirInstallation.NewFolder();
        _ = SessionDeskClient.Do("snapshot", program.Id, folder);
        using (var worker = Process.GetProcessById(program.Worker))
        {
            worker.Kill();
        }
        _ = SessionDeskClient.Await(program.Id, session => session.GetProperty("worker").GetInt32() == 0, "lost");
        _ = SessionDeskClient.Do("restore", program.Id, folder);
        program.Verify();
        program.Finish();
    }

    [Fact]
    public void A_device_on_another_node_answers_alike()
    {
        using var node = new LoneNode();
        Assert.Equal("opencl basics ok\n", node.Run(Compile("opencl_basics"), "strict").Succeeded().Text);
    }

    [Fact]
    public void Programs_that_are_killed_leave_nothing_behind()
    {
        Leftovers before = Leftovers.Count();
        for (int round = 0; round < 5; round++)
        {
            using var program = PortableProgram.Start("opencl_portable", isBusy: false);
            program.Change();
        }
        Leftovers.AssertBackTo(before);
    }

    [Fact]
    public void Without_weir_and_without_a_driver_there_is_no_platform()
    {
        string[] arguments = ["-l"];
        var environment = new Dictionary<string, string?>(ClientRun.Environment)
        {
            ["OCL_ICD_VENDORS"] = Path.Combine(WeirInstallation.Artifacts, "shim", "vendors"),
            ["LD_LIBRARY_PATH"] = Path.Combine(WeirInstallation.Artifacts, "shim"),
            ["WEIR_SOCKET"] = null,
        };
        Assert.DoesNotContain("Weir", ProgramRun.Start("clinfo", arguments, environment: environment).Text);
        environment = new Dictionary<string, string?>(ClientRun.Environment) { ["WEIR_OPENCL"] = "none" };
        string[] launch = ["--launch", "--device", "software", "--", Tool("clinfo"), "-l"];
        Assert.DoesNotContain("Weir", ProgramRun.Start(WeirInstallation.Worker, launch, environment: environment).Text);
    }

    // What clinfo says, each thing once, without what is Weir's or the driver's own.
    private static string[] Answers(string text) =>
        [
            .. text.Split('\n')
                .Select(line => Spaces().Replace(line, " ").Trim())
                .Where(line => line.Length > 0 && !Expected().IsMatch(line))
                .Distinct(),
        ];

    // Debian's own Python is the one that has Debian's pyopencl.
    private static string PythonProgram()
    {
        string? found = new[] { "", Path.Combine(WeirInstallation.Root, ".deps") }
            .Where(root => File.Exists(root + "/usr/lib/python3/dist-packages/pyopencl/__init__.py"))
            .SelectMany(root => new[] { root + "/usr/bin/python3", "/usr/bin/python3" })
            .FirstOrDefault(File.Exists);
        Assert.SkipWhen(found is null, "python3-pyopencl is not installed");
        return found!;
    }

    private static Dictionary<string, string?> Python() =>
        new(ClientRun.Environment)
        {
            ["PYTHONPATH"] = Path.Combine(WeirInstallation.Root, ".deps", "usr", "lib", "python3", "dist-packages"),
            ["PYOPENCL_NO_CACHE"] = "1",
        };

    // From Debian's packages, installed or unpacked by ./test; without it the test has nothing to run.
    private static string Tool(string name)
    {
        string? found = (Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(':')
            .Select(folder => Path.Combine(folder, name))
            .FirstOrDefault(File.Exists);
        Assert.SkipWhen(found is null, $"{name} is not installed");
        return found!;
    }

    private static string Compile(string name) => ClientRun.Compile(Source(name + ".c"), WeirInstallation.NewFolder());

    private static string Source(string name) =>
        Path.Combine(WeirInstallation.Root, "tests", "EndToEnd", "clients", name);

    [GeneratedRegex(" +")]
    private static partial Regex Spaces();

    // Names and extensions of platform and device; what Weir does not offer.
    [GeneratedRegex(
        "Platform Name|Extensions|PLATFORM_NAME|cl_pocl|cl_khr_|\\[POCL\\]|sub-devices|partition types|Fine-grained buffer|Atomics|"
            + "[Cc]ommand buffer|Out-of-order execution|Profiling|native kernels"
    )]
    private static partial Regex Expected();
}
