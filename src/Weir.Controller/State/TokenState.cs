namespace Weir.Controller.State;

/// <summary>A token that was given out; only its hash is known.</summary>
/// <param name="Id">"t-…".</param>
/// <param name="Kind">"user" or "join".</param>
/// <param name="Hash">SHA-256 of the token's text, lower-case hex.</param>
/// <param name="User">Whom a user token stands for.</param>
/// <param name="Operator">Whether that user may do everything.</param>
/// <param name="Created">Unix time, milliseconds.</param>
/// <param name="Expires">Unix time, milliseconds.</param>
internal sealed record TokenState(
    string Id,
    string Kind,
    string Hash,
    string? User,
    bool Operator,
    long Created,
    long Expires
);
