namespace Weir.Controller.State;

/// <summary>A device and what is promised of it. Guarded by <see cref="ClusterState.Gate"/>.</summary>
internal sealed class DeviceState
{
    public required string Uuid { get; init; }
    public required string Node { get; set; }
    public int Ordinal { get; set; }
    public string Kind { get; set; } = "";
    public string Model { get; set; } = "";
    public long Memory { get; set; }
    public string Pool { get; set; } = "default";

    /// <summary>NUMA node and group of fast links on its machine; all 0 where they are not known.</summary>
    public int Numa { get; set; }

    public int LinkGroup { get; set; }

    /// <summary>How fast it is and what an hour costs, as its node says; 0: not known.</summary>
    public double Speed { get; set; }

    public double CostPerHour { get; set; }
    public bool Cordoned { get; set; }
    public string? Fault { get; set; }

    /// <summary>In the last inventory of its node.</summary>
    public bool Present { get; set; }

    /// <summary>Percent promised to active leases.</summary>
    public int ComputeGranted { get; set; }

    /// <summary>Bytes promised to active leases.</summary>
    public long MemoryGranted { get; set; }

    /// <summary>Active leases with a slice of it.</summary>
    public int Leases { get; set; }

    /// <summary>How many cores' times the agent adds up.</summary>
    public int Units { get; set; } = 1;

    public double ComputeUsed { get; set; }
    public long MemoryUsed { get; set; }

    /// <summary>Of the last heartbeat.</summary>
    public ulong BusyNs { get; set; }
}
