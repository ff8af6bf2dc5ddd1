namespace Weir.Remote.Leases;

/// <summary>
/// What a holder of a lease has in hand: where its shards are and the secret that opens sessions there. It travels as JSON
/// (<see cref="RemoteJson"/>) in a file that only its owner may read.
/// </summary>
/// <param name="Version">1.</param>
/// <param name="Lease">Name of the lease.</param>
/// <param name="Epoch">A node refuses an epoch older than the newest it has seen.</param>
/// <param name="Secret">base64url; proves the holder to the nodes.</param>
/// <param name="Shards">One per node, in the order in which the program sees their devices.</param>
internal sealed record LeaseTicket(
    int Version,
    string Lease,
    long Epoch,
    string Secret,
    IReadOnlyList<ShardTicket> Shards
);

/// <summary>The part of a lease that lies on one node.</summary>
/// <param name="Node">Name of the node.</param>
/// <param name="Address">host:port of its agent.</param>
/// <param name="Fingerprint">SHA-256 of the agent's certificate, hex.</param>
/// <param name="Local">Path of the agent's unix socket when holder and node are the same machine, else null.</param>
/// <param name="Devices">Devices of this shard in the program's order.</param>
internal sealed record ShardTicket(
    string Node,
    string Address,
    string Fingerprint,
    string? Local,
    IReadOnlyList<DeviceTicket> Devices
);

/// <summary>A slice of a device.</summary>
/// <param name="Uuid">The device, "GPU-…".</param>
/// <param name="Ordinal">Its number on the node.</param>
/// <param name="Compute">Share of the device, percent.</param>
/// <param name="Memory">Quota, bytes.</param>
internal sealed record DeviceTicket(string Uuid, int Ordinal, int Compute, long Memory);
