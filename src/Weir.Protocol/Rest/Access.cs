namespace Weir.Protocol.Rest;

/// <summary>Body of POST /v1/tokens.</summary>
/// <param name="Kind">"user" or "join".</param>
/// <param name="User">User of a user token; null: the caller.</param>
/// <param name="LifeMs">Valid for so long; null: one day for join tokens, 90 days for user tokens.</param>
public sealed record TokenRequest(string Kind, string? User, long? LifeMs);

/// <summary>A new token. It is told only once: the store keeps its hash.</summary>
public sealed record TokenView(string Id, string Kind, string Token, string? User, long ExpiresAt);

/// <summary>GET /v1/status: who answers, and who asks.</summary>
/// <param name="Release">Of the controller.</param>
/// <param name="Incarnation">Changes with every start.</param>
/// <param name="Fingerprint">SHA-256 of the controller's certificate, lower-case hex.</param>
/// <param name="Address">Where agents and people of other machines reach it, "host:port".</param>
/// <param name="User">The caller.</param>
/// <param name="Operator">Whether the caller may do everything.</param>
/// <param name="Projects">Projects that the caller is a member of.</param>
/// <param name="Nodes">Nodes whose agents are connected.</param>
/// <param name="Devices">Devices that can be leased now.</param>
public sealed record StatusView(
    string Release,
    string Incarnation,
    string Fingerprint,
    string Address,
    string User,
    bool Operator,
    IReadOnlyList<string> Projects,
    int Nodes,
    int Devices
);

/// <summary>A line of the audit log.</summary>
public sealed record AuditView(long At, string User, string Action, string Subject, string Detail);

/// <summary>Body of POST /v1/backup: a path on the controller's machine that does not exist yet.</summary>
public sealed record BackupRequest(string Path);
