using System.Diagnostics;
using System.Net;
using System.Text.Json.Nodes;
using Weir.Remote.Tests;

namespace Weir.EndToEnd;

/// <summary>Another node, on the loopback: a process that lends a software device over TLS, with a proxy before it that can be cut.</summary>
internal sealed class LoneNode : IDisposable
{
    private readonly Process _process;
    private readonly string _folder = WeirInstallation.NewFolder("node");

    public LoneNode(int graceSeconds = 30, LoneNode? with = null)
    {
        string ticket = Path.Combine(_folder, "ticket");
        var start = new ProcessStartInfo(
            WeirInstallation.Worker,
            [
                "--lone-node",
                "--ticket",
                ticket,
                "--device",
                "software",
                "--grace",
                $"{graceSeconds}",
                .. with is null ? (string[])[] : ["--with", with.Ticket],
            ]
        )
        {
            RedirectStandardError = true,
        };
        foreach ((string name, string? value) in ClientRun.Environment)
        {
            start.Environment[name] = value;
        }
        _process = Process.Start(start)!;
        _ = _process.StandardError.BaseStream.CopyToAsync(Log);
        // It gets its name when it is whole.
        Awaited.True(
            () => File.Exists(ticket),
            () => $"the node has written {ticket}; it has ended: {_process.HasExited}"
        );
        JsonNode lease = JsonNode.Parse(File.ReadAllText(ticket))!;
        JsonNode shard = lease["shards"]!.AsArray()[^1]!;
        Proxy = new CuttingProxy(IPEndPoint.Parse(shard["address"]!.GetValue<string>()));
        shard["address"] = $"127.0.0.1:{Proxy.Port}";
        Ticket = Path.Combine(_folder, "ticket-of-proxy");
        File.WriteAllText(Ticket, lease.ToJsonString());
    }

    public CuttingProxy Proxy { get; }

    public string Ticket { get; }

    public MemoryStream Log { get; } = new();

    /// <summary>What relays have reported, one line each.</summary>
    public string Report => Path.Combine(_folder, "relays");

    /// <summary>Runs a program that has its device on this node.</summary>
    public ProgramRun Run(string program, params IEnumerable<string> arguments) =>
        ProgramRun.Start(
            WeirInstallation.Worker,
            ["--launch", "--lease", Ticket, "--", program, .. arguments],
            null,
            new Dictionary<string, string?>(ClientRun.Environment) { ["WEIR_RELAY_REPORT"] = Report }
        );

    public void Dispose()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
        Proxy.Dispose();
    }
}
