using System.Globalization;
using System.Text;
using Weir.Posix;

namespace Weir.Worker.Launching;

/// <summary>
/// `weir run`: makes the broker's socket, starts the broker beside itself and becomes the program. The socket listens
/// before the broker runs, so nobody waits for anybody; process id, exit code, signals and standard streams are the
/// program's own because it is this very process.
/// </summary>
internal static unsafe class Launcher
{
    /// <summary>Weir itself could not start.</summary>
    private const int CannotStart = 125;

    private const int Backlog = 256;

    /// <summary>Below the libraries: one file, which names Weir's.</summary>
    private const string VendorFolder = "/vendors";

    /// <summary>Of the Khronos loader: files beside its folder.</summary>
    private const string VendorFiles = "OCL_ICD_FILENAMES";

    private static readonly string[] s_vendorFolders = ["OCL_ICD_VENDORS", "OPENCL_VENDOR_PATH"];

    /// <summary>Returns only when the program was not started.</summary>
    public static int Run(IReadOnlyList<string> words)
    {
        LaunchOptions options;
        try
        {
            options = LaunchOptions.Parse(words);
        }
        catch (FormatException failure)
        {
            return Fail(2, $"{NativeText.ToDisplay(failure.Message)} (weir run --help)");
        }
        string name = options.Program[0];
        string? program = ProgramFile.Find(name, NativeText.Variable("PATH"), out int exitCode, out string reason);
        if (program is null)
        {
            return Fail(exitCode, $"{NativeText.ToDisplay(name)}: {reason}");
        }
        string self = NativeText.FromUtf8(Environment.ProcessPath!);
        string root = self[..self.LastIndexOf("/bin/", StringComparison.Ordinal)];
        string shimDirectory = root + "/shim";
        if (GuestCheck.Explain(program, NativeText.ToDisplay(shimDirectory + "/libweir.so")) is { } refusal)
        {
            return Fail(ProgramFile.NotExecutable, $"{NativeText.ToDisplay(name)}: {refusal}.");
        }
        try
        {
            // Before the program begins, which could only be told of it by failing calls.
            _ = options.From is { } from ? Portable.WarmStart.Open(from) : null;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return Fail(CannotStart, failure.Message);
        }
        string socketName = NewSocketName();
        try
        {
            StartBroker(self, options, socketName, shimDirectory);
        }
        catch (IOException failure)
        {
            return Fail(CannotStart, failure.Message);
        }
        Set("WEIR_SOCKET", "@" + socketName);
        string? libraries = NativeText.Variable("LD_LIBRARY_PATH");
        Set("LD_LIBRARY_PATH", string.IsNullOrEmpty(libraries) ? shimDirectory : shimDirectory + ":" + libraries);
        ShowOpenCl(shimDirectory);
        return Become(program, options.Program);
    }

    // The loader of OpenCL asks in this folder which drivers there are, each loader by a variable of its own.
    private static void ShowOpenCl(string shimDirectory)
    {
        foreach (string variable in s_vendorFolders)
        {
            Set(variable, shimDirectory + VendorFolder);
        }
        _ = Libc.unsetenv(NativeText.Allocate(VendorFiles));
    }

    private static string NewSocketName()
    {
        Span<byte> random = stackalloc byte[12];
        fixed (byte* data = random)
        {
            _ = Libc.getrandom(data, (nuint)random.Length, 0);
        }
        return $"weir-{Libc.getuid()}-{Convert.ToHexStringLower(random)}";
    }

    private static void StartBroker(string self, LaunchOptions options, string socketName, string shimDirectory)
    {
        int listener = UnixSocket.Listen(socketName, Backlog);
        int program = Libc.PidfdOpen(Libc.getpid());
        if (program < 0)
        {
            throw new IOException("this kernel has no pidfd_open (Linux 5.3 or newer is needed)");
        }
        List<string> arguments =
        [
            self,
            "--broker",
            "--listener",
            ChildProcess.FirstInherited.ToString(CultureInfo.InvariantCulture),
            "--program",
            (ChildProcess.FirstInherited + 1).ToString(CultureInfo.InvariantCulture),
            "--device",
            options.Device,
            "--prewarm",
            options.Prewarm.ToString(CultureInfo.InvariantCulture),
        ];
        if (options.MemoryBytes is { } memory)
        {
            arguments.AddRange(["--memory", memory.ToString(CultureInfo.InvariantCulture)]);
        }
        if (options.Lease is { } lease)
        {
            arguments.AddRange(["--lease", lease]);
        }
        if (options.Threads is { } threads)
        {
            arguments.AddRange(["--threads", threads.ToString(CultureInfo.InvariantCulture)]);
        }
        if (options.Share is { } share)
        {
            arguments.AddRange(["--share", share.ToString(CultureInfo.InvariantCulture)]);
        }
        if (options.Arbiter is { } arbiter)
        {
            arguments.AddRange(["--arbiter", arbiter]);
        }
        arguments.AddRange(options.Paging);
        if (options.Observe is { } observe)
        {
            arguments.AddRange(["--observe", observe]);
        }
        if (options.Observations is { } observations)
        {
            arguments.AddRange(["--observations", observations]);
        }
        if (options.SnapshotEvery is { } period)
        {
            long milliseconds = (long)period.TotalMilliseconds;
            arguments.AddRange(["--snapshot-every", milliseconds.ToString(CultureInfo.InvariantCulture)]);
        }
        if (options.From is { } from)
        {
            arguments.AddRange(["--from", from]);
        }
        if (options.OnLoss is { } loss)
        {
            arguments.AddRange(["--on-loss", loss]);
        }
        if (options.Report is { } report)
        {
            arguments.AddRange(["--report", report]);
        }
        _ = ChildProcess.Start(
            self,
            arguments,
            WithoutShim(NativeText.Environment(), shimDirectory),
            [listener, program],
            output: -1,
            detached: true
        );
        _ = Libc.close(listener);
        _ = Libc.close(program);
    }

    // A broker under another `weir run` must not mistake the shim for the real driver.
    private static List<string> WithoutShim(List<string> environment, string shimDirectory)
    {
        _ = environment.RemoveAll(line => line.EndsWith("=" + shimDirectory + VendorFolder, StringComparison.Ordinal));
        const string Prefix = "LD_LIBRARY_PATH=";
        int at = environment.FindIndex(line => line.StartsWith(Prefix, StringComparison.Ordinal));
        if (at >= 0)
        {
            IEnumerable<string> kept = environment[at]
                [Prefix.Length..]
                .Split(':')
                .Where(folder => folder != shimDirectory);
            environment[at] = Prefix + string.Join(':', kept);
        }
        return environment;
    }

    private static int Become(string program, IReadOnlyList<string> arguments)
    {
        byte* path = NativeText.Allocate(program);
        _ = Libc.execv(path, NativeText.Allocate(arguments));
        int error = Libc.Errno;
        if (error == Libc.ENOEXEC)
        {
            // A script without an interpreter line: shells run it themselves.
            string[] line = ["sh", program, .. arguments.Skip(1)];
            _ = Libc.execv(NativeText.Allocate("/bin/sh"), NativeText.Allocate(line));
            error = Libc.Errno;
        }
        return Fail(
            error == 2 ? ProgramFile.NotFound : ProgramFile.NotExecutable,
            error == 2
                ? $"{NativeText.ToDisplay(program)}: its interpreter is not there"
                : $"{NativeText.ToDisplay(program)}: cannot be executed (errno {error})"
        );
    }

    private static void Set(string name, string value) =>
        _ = Libc.setenv(NativeText.Allocate(name), NativeText.Allocate(value), 1);

    private static int Fail(int exitCode, string text)
    {
        byte[] line = Encoding.UTF8.GetBytes($"weir: {text}\n");
        fixed (byte* data = line)
        {
            _ = Libc.write(2, data, (nuint)line.Length);
        }
        return exitCode;
    }
}
