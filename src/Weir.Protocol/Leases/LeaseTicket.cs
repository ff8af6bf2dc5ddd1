using System.Text.Json;
using System.Text.Json.Serialization;

namespace Weir.Protocol.Leases;

/// <summary>
/// What a holder shows to the agents of its lease: where the shares are and the secret that proves the grant. A file of
/// mode 0600 or a memfd; never on a command line.
/// </summary>
/// <param name="Version">Version of this form, <see cref="CurrentVersion"/>.</param>
/// <param name="Lease">The lease, "l-…".</param>
/// <param name="Epoch">An agent that knows a higher one refuses this ticket.</param>
/// <param name="Secret">Base64url; agents know its SHA-256.</param>
/// <param name="Shards">One per node, in the order of the devices' numbers.</param>
public sealed record LeaseTicket(
    int Version,
    string Lease,
    ulong Epoch,
    string Secret,
    IReadOnlyList<LeaseShard> Shards
)
{
    /// <summary>The form that this release writes and reads.</summary>
    public const int CurrentVersion = 1;

    /// <summary>The ticket as JSON.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, LeaseJson.Default.LeaseTicket);

    /// <summary>Reads a ticket; throws <see cref="FormatException"/> with what is wrong.</summary>
    public static LeaseTicket Parse(string json)
    {
        LeaseTicket? ticket;
        try
        {
            ticket = JsonSerializer.Deserialize(json, LeaseJson.Default.LeaseTicket);
        }
        catch (JsonException error)
        {
            throw new FormatException($"this is not a lease ticket: {error.Message}", error);
        }
        if (ticket is null or { Lease: null } or { Secret: null } or { Shards: null or { Count: 0 } })
        {
            throw new FormatException("this is not a lease ticket: lease, secret or shards are missing");
        }
        return ticket.Version == CurrentVersion
            ? ticket
            : throw new FormatException(
                $"the lease ticket has version {ticket.Version}; this release reads version {CurrentVersion}: use weir of the controller's release"
            );
    }
}

/// <summary>The part of a lease on one node.</summary>
/// <param name="Node">The node's name.</param>
/// <param name="Address">Where its data plane listens, "host:port".</param>
/// <param name="Fingerprint">SHA-256 of the agent's certificate, lower-case hex.</param>
/// <param name="Local">The agent's unix socket when the claim came from the same machine, else null.</param>
/// <param name="Devices">Its devices.</param>
public sealed record LeaseShard(
    string Node,
    string Address,
    string Fingerprint,
    string? Local,
    IReadOnlyList<LeaseDevice> Devices
);

/// <summary>One slice.</summary>
/// <param name="Uuid">The device's own identity.</param>
/// <param name="Ordinal">The program's number of it, from 0 over all shards.</param>
/// <param name="Compute">Percent of the device, 1 to 100.</param>
/// <param name="Memory">Bytes; what the program sees as the device's memory.</param>
public sealed record LeaseDevice(string Uuid, int Ordinal, int Compute, long Memory);

/// <summary>Reading and writing tickets without reflection.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(LeaseTicket))]
public sealed partial class LeaseJson : JsonSerializerContext;
