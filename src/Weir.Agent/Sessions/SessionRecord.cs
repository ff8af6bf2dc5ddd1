using System.Text.Json.Serialization;

namespace Weir.Agent.Sessions;

/// <summary>What an agent writes down about a session, so that the one after it knows the worker again.</summary>
/// <param name="Session">Name, unique in the pool.</param>
/// <param name="Lease">Its lease.</param>
/// <param name="Epoch">Epoch of the lease when it began.</param>
/// <param name="Device">Uuid of the device.</param>
/// <param name="Share">Index of the share in the lease's grant.</param>
/// <param name="Slot">Place in the share's page.</param>
/// <param name="Routing">How connections from other nodes name it.</param>
/// <param name="Worker">Name of the worker.</param>
/// <param name="WorkerKind">See <see cref="Workers.Worker.Kind"/>.</param>
/// <param name="Process">The worker's process.</param>
/// <param name="ProcessStart">When that began.</param>
/// <param name="User">The worker's user id, or null.</param>
/// <param name="ClientProcess">Process id of the client, on its own machine.</param>
/// <param name="ClientProgram">Path of its program.</param>
/// <param name="ClientHost">The client's machine; empty: this one.</param>
/// <param name="StartedMs">Unix time, milliseconds.</param>
/// <param name="Image">Folder of its last whole image; null when there is none.</param>
/// <param name="IsParked">Its state is in that image, not on the device.</param>
/// <param name="Carried">What workers before this one have counted; null: there was none.</param>
/// <param name="IsRemote">Its client comes over the network, by way of a relay.</param>
/// <param name="IsLeaving">It was decided that it goes to another node: the worker goes on only if it is known that it did not get there.</param>
/// <param name="IsArriving">It comes from another node, and its worker has not begun.</param>
internal sealed record SessionRecord(
    string Session,
    string Lease,
    ulong Epoch,
    string Device,
    int Share,
    int Slot,
    Guid Routing,
    string Worker,
    string WorkerKind,
    int Process,
    long ProcessStart,
    uint? User,
    int ClientProcess,
    string ClientProgram,
    string ClientHost,
    long StartedMs,
    string? Image = null,
    bool IsParked = false,
    SessionCounts? Carried = null,
    bool IsRemote = false,
    bool IsLeaving = false,
    bool IsArriving = false
);

/// <summary>JSON of the book, generated at build time.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(SessionRecord))]
[JsonSerializable(typeof(ArrivalAnswer))]
internal sealed partial class SessionJson : JsonSerializerContext;
