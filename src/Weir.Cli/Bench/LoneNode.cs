using System.Diagnostics;
using System.Text.Json.Nodes;

namespace Weir.Cli.Bench;

/// <summary>Another node: a process that lends its software device over TLS, on this machine.</summary>
internal sealed class LoneNode : IDisposable
{
    private readonly Process _process;

    /// <summary>Starts it, with words before its command line (to run it elsewhere), listening at host:port (port 0 = any).</summary>
    /// <exception cref="BenchException">It does not come up.</exception>
    public LoneNode(BenchPlace place, string listen, params IEnumerable<string> prefix)
    {
        Ticket = Path.Combine(place.Work, $"ticket-{Guid.NewGuid():N}");
        string[] line =
        [
            .. prefix,
            place.Worker,
            "--lone-node",
            "--ticket",
            Ticket,
            "--device",
            "software",
            "--listen",
            listen,
        ];
        _process = Process.Start(new ProcessStartInfo(line[0], line[1..]))!;
        for (int attempt = 0; !File.Exists(Ticket); attempt++)
        {
            if (attempt > 1000 || _process.HasExited)
            {
                throw new BenchException("a node could not be started");
            }
            Thread.Sleep(10);
        }
    }

    /// <summary>File with the lease on it.</summary>
    public string Ticket { get; }

    /// <summary>host:port.</summary>
    public string Address => Shard(JsonNode.Parse(File.ReadAllText(Ticket))!)["address"]!.GetValue<string>();

    /// <summary>A ticket that leads through another address.</summary>
    public string TicketThrough(string address)
    {
        JsonNode ticket = JsonNode.Parse(File.ReadAllText(Ticket))!;
        Shard(ticket)["address"] = address;
        string path = $"{Ticket}-{address}";
        File.WriteAllText(path, ticket.ToJsonString());
        return path;
    }

    public void Dispose()
    {
        _process.Kill(entireProcessTree: true);
        _process.WaitForExit();
        _process.Dispose();
        foreach (
            string file in Directory.EnumerateFiles(Path.GetDirectoryName(Ticket)!, Path.GetFileName(Ticket) + "*")
        )
        {
            File.Delete(file);
        }
    }

    private static JsonNode Shard(JsonNode ticket) => ticket["shards"]![0]!;
}
