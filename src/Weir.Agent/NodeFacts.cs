using System.Reflection;
using Weir.Protocol;
using Weir.Protocol.Agents;
using Version = Weir.Protocol.Agents.Version;

namespace Weir.Agent;

/// <summary>What an agent says of its machine and itself.</summary>
internal static class NodeFacts
{
    /// <summary>The version that this agent speaks.</summary>
    public static Version Version { get; } =
        new()
        {
            Major = ProtocolVersion.Major,
            Minor = ProtocolVersion.Minor,
            Release = Assembly.GetExecutingAssembly().GetName().Version?.ToString(3) ?? "",
        };

    /// <summary>The first message to a controller.</summary>
    public static Hello Hello(Node node) =>
        new()
        {
            Version = Version,
            Node = node.Config.Node,
            Boot = File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim(),
            Address = node.Address,
            Fingerprint = node.Fingerprint,
            Socket = node.Folders.Socket,
            Processors = (uint)Environment.ProcessorCount,
            Rack = node.Config.Rack,
            HostMemoryBytes = (ulong)GC.GetGCMemoryInfo().TotalAvailableMemoryBytes,
        };
}
