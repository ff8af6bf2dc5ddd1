using System.Diagnostics;
using System.Net.Http.Json;
using System.Net.Sockets;
using Weir.Protocol.Rest;

namespace Weir.Dashboard.Tests;

/// <summary>A controller and the pages about it, each a process, as `weir up` has them; without an agent.</summary>
internal sealed class PoolOfPages : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("wd-").FullName;
    private readonly List<Process> _processes = [];
    private readonly HttpClient _http;

    private PoolOfPages() =>
        _http = new HttpClient(
            new SocketsHttpHandler
            {
                ConnectCallback = async (_, cancellation) =>
                {
                    var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                    await socket.ConnectAsync(new UnixDomainSocketEndPoint(Socket), cancellation);
                    return new NetworkStream(socket, ownsSocket: true);
                },
            }
        )
        {
            BaseAddress = new Uri("http://localhost/"),
        };

    /// <summary>Where the pages are.</summary>
    public string Address { get; private set; } = "";

    /// <summary>What lets in whoever started them.</summary>
    public string Key { get; private set; } = "";

    private string Socket => Path.Combine(_folder, "c.sock");

    /// <summary>What is published; tests of what is not there are skipped.</summary>
    private static string Artifacts =>
        Environment.GetEnvironmentVariable("WEIR_ARTIFACTS") ?? Path.Combine(Root(), "artifacts");

    public static async Task<PoolOfPages> StartAsync()
    {
        string dashboard = Path.Combine(Artifacts, "dashboard", "weir-dashboard.dll");
        string controller = Path.Combine(Artifacts, "controller", "weir-controller.dll");
        Assert.SkipUnless(
            File.Exists(dashboard) && File.Exists(controller),
            "controller or dashboard are not published here; start through ./test"
        );
        Assert.SkipUnless(Browser.Path is not null, "no chromium starts here");
        var pool = new PoolOfPages();
        try
        {
            _ = await pool.LaunchAsync(controller, ["serve", "--state", pool._folder, "--socket", pool.Socket]);
            string[] said = await pool.LaunchAsync(dashboard, ["--listen", "127.0.0.1:0", "--socket", pool.Socket]);
            (pool.Address, pool.Key) = (said[1], said[2]);
            return pool;
        }
        catch
        {
            pool.Dispose();
            throw;
        }
    }

    /// <summary>Makes a project, whose name is for others to show.</summary>
    public async Task AddProjectAsync(string name)
    {
        using HttpResponseMessage answer = await _http.PutAsJsonAsync(
            $"v1/projects/{Uri.EscapeDataString(name)}",
            new ProjectView { Name = name, Members = ["*"] },
            RestJson.Default.ProjectView
        );
        _ = answer.EnsureSuccessStatusCode();
    }

    /// <summary>A user's token.</summary>
    public async Task<string> TokenAsync(string user)
    {
        using HttpResponseMessage answer = await _http.PostAsJsonAsync(
            "v1/tokens",
            new TokenRequest("user", user, null),
            RestJson.Default.TokenRequest
        );
        return (await answer.Content.ReadFromJsonAsync(RestJson.Default.TokenView))!.Token;
    }

    /// <summary>The prices that the controller has now.</summary>
    public async Task<PriceListView> PricesAsync() =>
        (await _http.GetFromJsonAsync("v1/prices", RestJson.Default.PriceListView))!;

    /// <summary>Ends the controller, as a fault would.</summary>
    public void KillController()
    {
        _processes[0].Kill();
        _processes[0].WaitForExit();
    }

    public void Dispose()
    {
        _http.Dispose();
        foreach (Process process in _processes)
        {
            if (!process.HasExited)
            {
                process.Kill();
                process.WaitForExit();
            }
            process.Dispose();
        }
        Directory.Delete(_folder, recursive: true);
    }

    private async Task<string[]> LaunchAsync(string library, string[] arguments)
    {
        Process process = Process.Start(
            new ProcessStartInfo("dotnet", [library, .. arguments])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            }
        )!;
        _processes.Add(process);
        process.BeginErrorReadLine();
        string? line;
        do
        {
            line = await process.StandardOutput.ReadLineAsync();
        } while (line is not null && !line.StartsWith("ready ", StringComparison.Ordinal));
        _ = process.StandardOutput.BaseStream.CopyToAsync(Stream.Null);
        return line?.Split(' ') ?? throw new InvalidOperationException($"{library} ended");
    }

    private static string Root()
    {
        string? root = AppContext.BaseDirectory;
        while (root is not null && !File.Exists(Path.Combine(root, "Weir.slnx")))
        {
            root = Path.GetDirectoryName(root);
        }
        return root ?? throw new InvalidOperationException("these tests run from a checkout");
    }
}
