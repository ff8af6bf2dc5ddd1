using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Weir.Cli.Pool;

namespace Weir.Controller.Tests.Support;

/// <summary>A controller in a process of its own, so that it can be killed.</summary>
internal sealed class ControllerProcess : IDisposable
{
    private readonly Process _process;

    private ControllerProcess(Process process, string address, string fingerprint, string socket)
    {
        _process = process;
        Address = address;
        Fingerprint = fingerprint;
        Client = new ControllerClient(new Login(socket, null));
    }

    /// <summary>The checkout.</summary>
    public static string Root { get; } = FindRoot();

    public string Address { get; }

    public string Fingerprint { get; }

    public ControllerClient Client { get; }

    /// <summary>A port that nobody has now, so that a controller can come back at the same one.</summary>
    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    public static async Task<ControllerProcess> StartAsync(TestFolder folder, int port, string? database = null)
    {
        string socket = folder.At("c.sock");
        var process = Launch([
            "serve",
            "--state",
            folder.Path,
            "--socket",
            socket,
            "--listen",
            $"127.0.0.1:{port}",
            .. database is null ? Array.Empty<string>() : ["--database", database],
        ]);
        string? line = await process.StandardOutput.ReadLineAsync();
        while (line is not null && !line.StartsWith("ready ", StringComparison.Ordinal))
        {
            line = await process.StandardOutput.ReadLineAsync();
        }
        if (line is null)
        {
            throw new InvalidOperationException(await process.StandardError.ReadToEndAsync());
        }
        _ = process.StandardOutput.BaseStream.CopyToAsync(Stream.Null);
        _ = process.StandardError.BaseStream.CopyToAsync(Stream.Null);
        string[] said = line.Split(' ');
        return new ControllerProcess(process, said[1], said[2], socket);
    }

    /// <summary>Runs the controller to its end; what it said on standard error, and its exit code.</summary>
    public static async Task<(int ExitCode, string Output, string Errors)> RunAsync(params string[] arguments)
    {
        using var process = Launch(arguments);
        var output = process.StandardOutput.ReadToEndAsync();
        string errors = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, await output, errors);
    }

    /// <summary>SIGKILL.</summary>
    public void Kill()
    {
        _process.Kill();
        _process.WaitForExit();
    }

    public void Dispose()
    {
        Client.Dispose();
        if (!_process.HasExited)
        {
            Kill();
        }
        _process.Dispose();
    }

    // As it was built, with its native parts beside it: a copy beside the tests has none.
    private static string Library =>
        Path.Combine(
            Root,
            "src/Weir.Controller/bin",
            new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name,
            "net10.0/linux-x64/weir-controller.dll"
        );

    private static string FindRoot()
    {
        string? root = AppContext.BaseDirectory;
        while (root is not null && !File.Exists(Path.Combine(root, "Weir.slnx")))
        {
            root = Path.GetDirectoryName(root);
        }
        return root ?? throw new InvalidOperationException("these tests run from a checkout");
    }

    private static Process Launch(string[] arguments) =>
        Process.Start(
            new ProcessStartInfo("dotnet", [Library, .. arguments])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            }
        )!;
}
