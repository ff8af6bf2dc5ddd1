using System.Text.Json.Nodes;

namespace Weir.Cli.Bench;

/// <summary>Two network namespaces with a link of 1 Gbit/s between them, where the system permits them.</summary>
internal sealed class ShapedLink : IDisposable
{
    private const string Near = "weir-bench-a";
    private const string Far = "weir-bench-b";

    private ShapedLink() { }

    /// <summary>Words that run a program on the far side.</summary>
    public static string[] OnFar => ["ip", "netns", "exec", Far];

    /// <summary>Words that run a program on the near side.</summary>
    public static string[] OnNear => ["ip", "netns", "exec", Near];

    /// <summary>Address of the far side.</summary>
    public const string FarAddress = "10.213.77.2";

    /// <summary>Makes it; null, with the reason, where it is not permitted.</summary>
    public static ShapedLink? TryCreate(out string reason)
    {
        var link = new ShapedLink();
        foreach (
            string line in (string[])
                [
                    $"netns add {Near}",
                    $"netns add {Far}",
                    $"link add weir-a netns {Near} type veth peer name weir-b netns {Far}",
                    $"-n {Near} addr add 10.213.77.1/24 dev weir-a",
                    $"-n {Far} addr add {FarAddress}/24 dev weir-b",
                    $"-n {Near} link set lo up",
                    $"-n {Near} link set weir-a up",
                    $"-n {Far} link set weir-b up",
                    $"netns exec {Near} tc qdisc add dev weir-a root tbf rate 1gbit burst 256kb latency 20ms",
                    $"netns exec {Far} tc qdisc add dev weir-b root tbf rate 1gbit burst 256kb latency 20ms",
                ]
        )
        {
            if (!Ip(line, out reason))
            {
                link.Dispose();
                return null;
            }
        }
        reason = "";
        return link;
    }

    /// <summary>What iperf3 sends over it in two seconds, GB/s; null when it is not installed.</summary>
    public static double? Iperf()
    {
        try
        {
            _ = NativeProgram.Execute(OnFar[0], [.. OnFar[1..], "iperf3", "-s", "-1", "-D"], null);
            Thread.Sleep(300);
            (int code, string output, _) = NativeProgram.Execute(
                OnNear[0],
                [.. OnNear[1..], "iperf3", "-c", FarAddress, "-t", "2", "-J"],
                null
            );
            return code == 0
                ? JsonNode.Parse(output)!["end"]!["sum_received"]!["bits_per_second"]!.GetValue<double>() / 8e9
                : null;
        }
        catch (BenchException)
        {
            return null;
        }
    }

    public void Dispose()
    {
        _ = Ip($"netns del {Near}", out _);
        _ = Ip($"netns del {Far}", out _);
    }

    private static bool Ip(string line, out string reason)
    {
        try
        {
            (int code, _, string error) = NativeProgram.Execute("ip", line.Split(' '), null);
            reason = error.Trim();
            return code == 0;
        }
        catch (BenchException missing)
        {
            reason = missing.Message;
            return false;
        }
    }
}
