using System.Globalization;
using System.Text.RegularExpressions;
using Weir.Api;
using Weir.Cli.Devices;

namespace Weir.Cli.Doctor;

/// <summary>The checks of this machine and installation, in the order in which they are shown.</summary>
internal static partial class InstallationChecks
{
    /// <summary>Runs them all; each explains itself.</summary>
    public static IReadOnlyList<Check> Run()
    {
        Artifacts? artifacts = Artifacts.Find();
        List<Check> checks = [Parts(artifacts), CLibrary(artifacts), Llvm(), Memory(), Processes()];
        if (artifacts is not null)
        {
            checks.Add(SoftwareDevice(artifacts));
            checks.Add(RealDriver(artifacts));
            checks.Add(OpenCl(artifacts));
        }
        checks.Add(Parking());
        checks.Add(Ffmpeg());
        return checks;
    }

    private static Check Parts(Artifacts? artifacts)
    {
        const string Name = "published parts";
        if (artifacts is null)
        {
            return Check.Failed(Name, Artifacts.Missing);
        }
        string[] missing =
        [
            .. new[]
            {
                artifacts.Shim,
                Path.Combine(artifacts.ShimDirectory, "libcuda.so.1"),
                Path.Combine(artifacts.ShimDirectory, "libnvidia-ml.so.1"),
                artifacts.Worker,
                artifacts.Compiler,
            }.Where(path => !File.Exists(path)),
        ];
        return missing.Length == 0
            ? Check.Ok(Name, artifacts.Root)
            : Check.Failed(Name, $"missing: {string.Join(", ", missing)}; run ./weir in the checkout");
    }

    // Why Weir's platform would not appear to a program.
    private static Check OpenCl(Artifacts artifacts)
    {
        const string Name = "OpenCL";
        string file = Path.Combine(artifacts.ShimDirectory, "vendors", "weir.icd");
        if (!File.Exists(file) || !File.Exists(Path.Combine(artifacts.ShimDirectory, File.ReadAllText(file).Trim())))
        {
            return Check.Failed(Name, $"{file} or the library that it names is missing; run ./weir in the checkout");
        }
        DeviceList? list = DeviceList.Read(artifacts, "software", null, out string problem);
        return list?.OpenCl is not { } found ? Check.Failed(Name, $"the worker does not tell of it: {problem}")
            : found.Devices.Count == 0 ? Check.Note(Name, $"programs see no OpenCL platform: {found.Reason}")
            : Check.Ok(Name, string.Join(", ", found.Devices.Select(device => $"{device.Name} ({device.Platform})")));
    }

    private static Check CLibrary(Artifacts? artifacts)
    {
        const string Name = "C library";
        int has = HighestGlibc("/lib/x86_64-linux-gnu/libc.so.6") ?? HighestGlibc("/lib64/libc.so.6") ?? 0;
        int needs = artifacts is null ? 0 : HighestGlibc(artifacts.Shim) ?? 0;
        return has == 0 ? Check.Note(Name, "glibc not found in its usual places")
            : needs > has ? Check.Failed(Name, $"glibc 2.{has}; clients need 2.{needs} or newer")
            : Check.Ok(Name, $"glibc 2.{has}; clients need 2.{needs} or newer");
    }

    private static Check Llvm()
    {
        const string Name = "LLVM";
        string[] folders = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/llvm-19/lib", "/usr/lib64", "/usr/local/lib"];
        IEnumerable<string> named = (Environment.GetEnvironmentVariable("LD_LIBRARY_PATH") ?? "")
            .Split(':', StringSplitOptions.RemoveEmptyEntries)
            .Concat(folders);
        string? found = named
            .Where(Directory.Exists)
            .SelectMany(folder => Directory.GetFiles(folder, "libLLVM*19*"))
            .FirstOrDefault();
        return found is null
            ? Check.Failed(Name, "libLLVM 19 not found; kernels cannot be compiled (Debian: apt install libllvm19)")
            : Check.Ok(Name, found);
    }

    private static Check Memory()
    {
        const string Name = "memory limits";
        if (Read("/proc/sys/vm/overcommit_memory") == "2")
        {
            return Check.Failed(
                Name,
                "vm.overcommit_memory is 2: the session's address range cannot be reserved (sysctl vm.overcommit_memory=0)"
            );
        }
        string? limit = Read("/proc/self/limits")
            ?.Split('\n')
            .FirstOrDefault(line => line.StartsWith("Max address space"));
        return limit is not null && !limit.Contains("unlimited")
            ? Check.Note(Name, "the address space is limited (ulimit -v): sessions get a smaller range")
            : Check.Ok(Name, "address space and overcommit as needed");
    }

    private static Check Processes()
    {
        const string Name = "running now";
        int brokers = 0;
        int workers = 0;
        int compilers = 0;
        foreach (
            string folder in Directory
                .EnumerateDirectories("/proc")
                .Where(path => char.IsDigit(Path.GetFileName(path)[0]))
        )
        {
            string[] words = (Read(Path.Combine(folder, "cmdline")) ?? "").Split('\0');
            string program = Path.GetFileName(words[0]);
            brokers += program == "weir-worker" && words.ElementAtOrDefault(1) == "--broker" ? 1 : 0;
            workers += program == "weir-worker" && words.ElementAtOrDefault(1) == "--worker" ? 1 : 0;
            compilers += program == "weir-compiler" ? 1 : 0;
        }
        string counts = $"{brokers} brokers, {workers} workers, {compilers} compile services";
        return workers > 0 && brokers == 0
            ? Check.Note(Name, $"{counts}; workers without a broker serve clients that outlived their program")
            : Check.Ok(Name, counts);
    }

    private static Check SoftwareDevice(Artifacts artifacts)
    {
        const string Name = "software device";
        // This very program is the client: library, broker, worker, compile service and a kernel, all for real.
        string self = Path.Combine(AppContext.BaseDirectory, "weir.dll");
        string host = Environment.ProcessPath ?? "dotnet";
        ToolRun run = ToolRun.Start(
            artifacts.Worker,
            ["--launch", "--device", "software", "--", host, self, SelfTestCommand.CommandName]
        );
        return run.ExitCode == 0
            ? Check.Ok(Name, run.Output.Trim())
            : Check.Failed(Name, $"{run.Problem} (logs: {Path.Combine(SessionHistory.StateFolder(), "log")})");
    }

    private static Check RealDriver(Artifacts artifacts)
    {
        const string Name = "real driver";
        DeviceList? list = DeviceList.Read(artifacts, "cuda", null, out string problem);
        return list is { Devices.Count: > 0 }
            ? Check.Ok(Name, string.Join(", ", list.Devices.Select(device => device.Name)))
            : Check.Note(Name, list is null ? problem : $"none, programs get the software device: {list.Reason}");
    }

    // What `weir park` and its like cannot do; a session that has such state refuses with the same words.
    private static Check Parking()
    {
        string[] never =
        [
            .. Enumerable
                .Range(1, CallTable.MaxOp)
                .Where(op => CallTable.Carriage((ushort)op) == CarriageKind.Never)
                .Select(op => CallTable.Name((ushort)op)),
        ];
        string calls = never.Length == 0 ? "no call of the API" : string.Join(", ", never);
        return Check.Ok(
            "parking",
            $"state that cannot leave its device: {calls}; sessions on a real driver; sessions whose program is on another node"
        );
    }

    private static Check Ffmpeg()
    {
        const string Name = "ffmpeg";
        ToolRun run = ToolRun.Start("ffmpeg", ["-hide_banner", "-filters"]);
        return run.ExitCode != 0 ? Check.Note(Name, "not found; the demo runs it (Debian: apt install ffmpeg)")
            : run.Output.Contains("scale_cuda") ? Check.Ok(Name, "with CUDA filters")
            : Check.Note(Name, "found, but built without CUDA filters");
    }

    // n of the highest version name GLIBC_2.n in a library.
    private static int? HighestGlibc(string path) =>
        File.Exists(path)
            ? GlibcVersion()
                .Matches(System.Text.Encoding.Latin1.GetString(File.ReadAllBytes(path)))
                .Select(match => int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture))
                .DefaultIfEmpty()
                .Max()
            : null;

    private static string? Read(string path)
    {
        try
        {
            return File.ReadAllText(path).TrimEnd();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    [GeneratedRegex(@"GLIBC_2\.(\d+)")]
    private static partial Regex GlibcVersion();
}
