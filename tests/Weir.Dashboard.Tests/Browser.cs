using System.Diagnostics;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Weir.Dashboard.Tests;

/// <summary>A real Chromium without a window, told what to do over its DevTools protocol.</summary>
internal sealed class Browser : IAsyncDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly string _profile;
    private readonly ClientWebSocket _socket = new();
    private int _last;

    private Browser(Process process, string profile)
    {
        _process = process;
        _profile = profile;
    }

    /// <summary>Where one is that starts: unpacked beside the checkout it may not find its own parts. Null: there is none.</summary>
    public static string? Path { get; } =
        (Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(':', StringSplitOptions.RemoveEmptyEntries)
            .Select(folder => System.IO.Path.Combine(folder, "chromium"))
            .FirstOrDefault(path => File.Exists(path) && Starts(path));

    public static async Task<Browser> StartAsync()
    {
        string profile = Directory.CreateTempSubdirectory("weir-browser-").FullName;
        Process process = Process.Start(
            new ProcessStartInfo(
                Path!,
                [
                    "--headless",
                    "--no-sandbox",
                    "--disable-gpu",
                    "--disable-dev-shm-usage",
                    "--no-first-run",
                    "--remote-debugging-port=0",
                    $"--user-data-dir={profile}",
                    "about:blank",
                ]
            )
            {
                RedirectStandardError = true,
                RedirectStandardOutput = true,
            }
        )!;
        process.BeginErrorReadLine();
        process.BeginOutputReadLine();
        var browser = new Browser(process, profile);
        try
        {
            string portFile = System.IO.Path.Combine(profile, "DevToolsActivePort");
            string[] lines = [];
            // The file is there before it is whole: it has two lines, each with its end.
            await Until(() =>
            {
                if (process.HasExited)
                {
                    throw new InvalidOperationException($"chromium ended with {process.ExitCode}");
                }
                lines = File.Exists(portFile) ? File.ReadAllText(portFile).Split('\n') : [];
                return Task.FromResult(lines.Length >= 2 && lines[1].Length > 0);
            });
            using var http = new HttpClient();
            string? page = null;
            await Until(async () =>
            {
                JsonNode targets = JsonNode.Parse(await http.GetStringAsync($"http://127.0.0.1:{lines[0]}/json"))!;
                page = targets
                    .AsArray()
                    .FirstOrDefault(target => (string?)target!["type"] == "page")
                    ?["webSocketDebuggerUrl"]?.GetValue<string>();
                return page is not null;
            });
            using var limit = new CancellationTokenSource(s_patience);
            await browser._socket.ConnectAsync(new Uri(page!), limit.Token);
            await browser.CallAsync("Page.enable", new JsonObject());
            return browser;
        }
        catch
        {
            await browser.DisposeAsync();
            throw;
        }
    }

    /// <summary>Goes to an address; done when the page there is whole.</summary>
    public async Task GoAsync(string address)
    {
        await CallAsync("Page.navigate", new JsonObject { ["url"] = address });
        await Until(async () =>
            await EvaluateAsync("document.readyState") == "complete"
            && await EvaluateAsync("location.href") is { } at
            && at != "about:blank"
        );
    }

    /// <summary>The value of an expression, as text.</summary>
    public async Task<string> EvaluateAsync(string expression)
    {
        JsonNode answer = await CallAsync(
            "Runtime.evaluate",
            new JsonObject
            {
                ["expression"] = $"String({expression})",
                ["awaitPromise"] = true,
                ["returnByValue"] = true,
            }
        );
        return answer["result"]?["value"]?.GetValue<string>() ?? answer.ToJsonString();
    }

    /// <summary>Waits until an expression is true.</summary>
    public Task UntilAsync(string expression) => Until(async () => await EvaluateAsync(expression) == "true");

    /// <summary>A picture of the page.</summary>
    public async Task<byte[]> ShootAsync()
    {
        await CallAsync(
            "Emulation.setDeviceMetricsOverride",
            new JsonObject
            {
                ["width"] = 1280,
                ["height"] = 860,
                ["deviceScaleFactor"] = 1,
                ["mobile"] = false,
            }
        );
        JsonNode answer = await CallAsync("Page.captureScreenshot", new JsonObject { ["format"] = "png" });
        return Convert.FromBase64String(answer["data"]!.GetValue<string>());
    }

    public async ValueTask DisposeAsync()
    {
        _socket.Dispose();
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }
        await _process.WaitForExitAsync();
        _process.Dispose();
        for (int tries = 0; Directory.Exists(_profile) && tries < 50; tries++)
        {
            try
            {
                Directory.Delete(_profile, recursive: true);
            }
            catch (IOException)
            {
                // Its children may still be writing.
                await Task.Delay(100);
            }
        }
    }

    /// <summary>Waits for a condition.</summary>
    public static async Task Until(Func<Task<bool>> condition)
    {
        long start = Stopwatch.GetTimestamp();
        while (!await condition())
        {
            if (Stopwatch.GetElapsedTime(start) > s_patience)
            {
                throw new TimeoutException("it did not come to that");
            }
            await Task.Delay(50);
        }
    }

    private static bool Starts(string path)
    {
        using Process process = Process.Start(
            new ProcessStartInfo(path, ["--version"]) { RedirectStandardOutput = true, RedirectStandardError = true }
        )!;
        _ = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0;
    }

    private async Task<JsonNode> CallAsync(string method, JsonObject parameters)
    {
        int id = ++_last;
        using var limit = new CancellationTokenSource(s_patience);
        var call = new JsonObject
        {
            ["id"] = id,
            ["method"] = method,
            ["params"] = parameters,
        };
        await _socket.SendAsync(
            Encoding.UTF8.GetBytes(call.ToJsonString()),
            WebSocketMessageType.Text,
            true,
            limit.Token
        );
        while (true)
        {
            using var message = new MemoryStream();
            byte[] buffer = new byte[64 << 10];
            WebSocketReceiveResult part;
            do
            {
                part = await _socket.ReceiveAsync(buffer, limit.Token);
                message.Write(buffer, 0, part.Count);
            } while (!part.EndOfMessage);
            JsonNode answer = JsonNode.Parse(message.ToArray())!;
            // Others are events.
            if ((int?)answer["id"] == id)
            {
                return answer["result"]
                    ?? throw new JsonException($"chromium refused {method}: {answer["error"]?.ToJsonString()}");
            }
        }
    }
}
