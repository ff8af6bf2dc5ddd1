using Weir.Agent.Configuration;
using Weir.Protocol.Agents;

namespace Weir.Agent.Devices;

/// <summary>A device of this node as it is now. Guarded by the node's lock.</summary>
internal sealed class DeviceState
{
    /// <summary>"GPU-…", unique in the pool.</summary>
    public required string Uuid { get; init; }

    /// <summary>The node's number of it.</summary>
    public required int Ordinal { get; init; }

    /// <summary>"software" or "cuda".</summary>
    public required string Kind { get; init; }

    /// <summary>As its driver names it.</summary>
    public required string Model { get; init; }

    /// <summary>Memory that may be promised, bytes.</summary>
    public required ulong MemoryBytes { get; init; }

    /// <summary>Memory that it has, bytes, when more of it may be promised; null: as much.</summary>
    public ulong? ArenaBytes { get; init; }

    /// <summary>Pool it belongs to.</summary>
    public required string Pool { get; init; }

    /// <summary>NUMA node; 0 when it is not known.</summary>
    public int Numa { get; set; }

    /// <summary>Group of devices with fast links between them; 0 when it is not known.</summary>
    public int LinkGroup { get; set; }

    /// <summary>What is known of its model; null: nothing.</summary>
    public ModelTerms? Terms { get; set; }

    /// <summary>Cores of a software device.</summary>
    public int Cores { get; init; }

    /// <summary>See <see cref="Configuration.SoftwareDeviceConfig.FaultFile"/>.</summary>
    public string? FaultFile { get; init; }

    /// <summary>Why it serves nobody; null while it works.</summary>
    public string? Fault { get; set; }

    /// <summary>By which its workers keep to their shares; made for the first session.</summary>
    public DevicePageFile? Page { get; set; }

    /// <summary>Self-tests that it has failed in a row.</summary>
    public int FailedTests { get; set; }

    /// <summary>A self-test is under way or will be.</summary>
    public bool IsTestPlanned { get; set; }

    /// <summary>Time that it worked for sessions that have ended, nanoseconds.</summary>
    public ulong EndedBusyNanoseconds { get; set; }

    /// <summary>Workers that can serve it are alike when this is equal: what they are started with.</summary>
    public string WorkerKind => Kind == "software" ? "software" : $"cuda:{Uuid}";

    /// <summary>Options of a worker that shall be this device; a slice of it when <paramref name="memory"/> says so.</summary>
    public IReadOnlyList<string> Options(ulong? memory = null) =>
        Kind == "software"
            ?
            [
                "--device",
                "software",
                "--uuid",
                Uuid,
                "--threads",
                $"{Cores}",
                "--memory",
                $"{memory ?? MemoryBytes}",
                .. ArenaBytes is { } arena ? (string[])["--arena", $"{arena}"] : [],
            ]
            : ["--device", "cuda"];

    /// <summary>As the controller is told of it.</summary>
    public Device ToMessage() =>
        new()
        {
            Uuid = Uuid,
            Ordinal = (uint)Ordinal,
            Kind = Kind,
            Model = Model,
            MemoryBytes = MemoryBytes,
            Pool = Pool,
            Healthy = Fault is null,
            Fault = Fault ?? "",
            Numa = (uint)Numa,
            LinkGroup = (uint)LinkGroup,
            Speed = Terms?.Speed ?? 0,
            CostPerHour = Terms?.CostPerHour ?? 0,
            Units = (uint)Math.Max(1, Cores),
        };
}
