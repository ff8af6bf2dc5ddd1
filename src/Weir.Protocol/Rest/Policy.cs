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

    /// <summary>Percent of devices that its leases may have at a time (150: one and a half); null: no limit.</summary>
    public int? ComputeQuota { get; set; }

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
