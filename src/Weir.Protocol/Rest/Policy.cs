namespace Weir.Protocol.Rest;

/// <summary>A pool: a named set of devices with a policy. Body of PUT /v1/pools/{name}, too.</summary>
public sealed record PoolView
{
    /// <summary>Its name.</summary>
    public string Name { get; set; } = "";

    /// <summary>Percent of each device's compute that may be promised; 100: no over-commit.</summary>
    public int ComputeLimit { get; set; } = 100;

    /// <summary>Percent of each device's memory that may be promised; 100: no over-commit.</summary>
    public int MemoryLimit { get; set; } = 100;

    /// <summary>How long a holder may be away before its lease is released.</summary>
    public int GraceMs { get; set; } = 30_000;

    /// <summary>How slices are placed on its devices, e.g. "fgd"; null: the usual way.</summary>
    public string? Policy { get; set; }

    /// <summary>Devices are kept free for what has waited so long, so that large claims are not passed for ever.</summary>
    public int ReserveAfterMs { get; set; } = 300_000;

    /// <summary>True: claims of pools that overflow may use its devices while its own claims do not ask for them.</summary>
    public bool Lends { get; set; }

    /// <summary>True: claims of workloads that may be restarted use devices of pools that lend when this one is full.</summary>
    public bool Overflows { get; set; }

    /// <summary>Devices it has now.</summary>
    public int Devices { get; set; }

    /// <summary>Percent over all its devices.</summary>
    public int ComputeCapacity { get; set; }

    /// <summary>Percent promised.</summary>
    public int ComputeGranted { get; set; }

    /// <summary>Bytes over all its devices.</summary>
    public long MemoryCapacity { get; set; }

    /// <summary>Bytes promised.</summary>
    public long MemoryGranted { get; set; }
}

/// <summary>A project: a tenant with a quota. Body of PUT /v1/projects/{name}, too.</summary>
public sealed record ProjectView
{
    /// <summary>Its name.</summary>
    public string Name { get; set; } = "";

    /// <summary>The project above it; null: none.</summary>
    public string? Parent { get; set; }

    /// <summary>Percent of devices that are its own (150: one and a half); null: none, and no bound either.</summary>
    public int? ComputeQuota { get; set; }

    /// <summary>Thousandths of processors that are its own; null: no bound.</summary>
    public long? ProcessorsQuota { get; set; }

    /// <summary>Bytes of host memory that are its own; null: no bound.</summary>
    public long? HostMemoryQuota { get; set; }

    /// <summary>
    /// Its part of what nobody's quota claims, relative to its siblings'; 0: it never has more than its quota. Null: 0 with a
    /// quota, 1 without.
    /// </summary>
    public double? Weight { get; set; }

    /// <summary>Percent of devices that it never exceeds, borrowing included; null: no limit.</summary>
    public int? ComputeLimit { get; set; }

    /// <summary>Thousandths of processors that it never exceeds; null: no limit.</summary>
    public long? ProcessorsLimit { get; set; }

    /// <summary>Bytes of host memory that it never exceeds; null: no limit.</summary>
    public long? HostMemoryLimit { get; set; }

    /// <summary>Among siblings that have their quotas, larger is served first.</summary>
    public int Priority { get; set; }

    /// <summary>Bytes of device memory that its leases may have at a time; null: no limit.</summary>
    public long? MemoryQuota { get; set; }

    /// <summary>Members by user name; "*": everybody.</summary>
    public IReadOnlyList<string> Members { get; set; } = [];

    /// <summary>Who may see and cancel what all members have.</summary>
    public IReadOnlyList<string> Admins { get; set; } = [];

    /// <summary>Percent promised now.</summary>
    public int ComputeGranted { get; set; }

    /// <summary>Bytes promised now.</summary>
    public long MemoryGranted { get; set; }
}

/// <summary>Changes a project's terms at certain hours of the controller's local time. Body of PUT /v1/calendars/{name}, too.</summary>
public sealed record CalendarView
{
    /// <summary>Its name.</summary>
    public string Name { get; set; } = "";

    /// <summary>The project whose terms it changes.</summary>
    public string Project { get; set; } = "";

    /// <summary>When it begins, "HH:MM".</summary>
    public string From { get; set; } = "";

    /// <summary>When it ends, "HH:MM"; not after <see cref="From"/>: on the next day.</summary>
    public string To { get; set; } = "";

    /// <summary>Days on which it begins, e.g. "mon-fri", "sat,sun"; null: every day.</summary>
    public string? Days { get; set; }

    /// <summary>Percent of devices that are the project's own meanwhile; null: as usual.</summary>
    public int? ComputeQuota { get; set; }

    /// <summary>Its weight meanwhile; null: as usual.</summary>
    public double? Weight { get; set; }

    /// <summary>Its priority among siblings meanwhile; null: as usual.</summary>
    public int? Priority { get; set; }
}

/// <summary>A compute template: defaults and caps of claims. Body of PUT /v1/templates/{name}, too.</summary>
public sealed record TemplateView
{
    /// <summary>Its name.</summary>
    public string Name { get; set; } = "";

    /// <summary>The only project that may use it; null: all.</summary>
    public string? Project { get; set; }

    /// <summary>Slices when the claim says none.</summary>
    public int Count { get; set; } = 1;

    /// <summary>Percent per slice when the claim says none.</summary>
    public int Compute { get; set; } = 100;

    /// <summary>Bytes per slice when the claim says none; null: by compute.</summary>
    public long? MemoryBytes { get; set; }

    /// <summary>Most slices that a claim may ask for; null: no cap.</summary>
    public int? MaxCount { get; set; }

    /// <summary>Most percent per slice.</summary>
    public int? MaxCompute { get; set; }

    /// <summary>Most bytes per slice.</summary>
    public long? MaxMemoryBytes { get; set; }

    /// <summary>Longest life of a lease in milliseconds; also its default.</summary>
    public long? MaxLifeMs { get; set; }

    /// <summary>Pool when the claim says none.</summary>
    public string? Pool { get; set; }

    /// <summary>Thousandths of a processor for workloads that say none; 0: no limit.</summary>
    public int ProcessorsMilli { get; set; }

    /// <summary>Host memory for workloads that say none; 0: no limit.</summary>
    public long HostMemoryBytes { get; set; }
}
