namespace Weir.Remote.Control;

/// <summary>
/// An agent's answer to <see cref="OpenSession"/>: a worker waits for this client, and only for this one. Whoever holds the secret is
/// the client; whoever shows the fingerprint is the worker.
/// </summary>
/// <param name="Session">Name of the session, unique on the node.</param>
/// <param name="Routing">Goes into the <see cref="Preface"/> of each of the session's connections.</param>
/// <param name="Fingerprint">SHA-256 of the worker's certificate (DER), lower-case hex.</param>
/// <param name="Secret">base64url of 32 random bytes; the client proves it inside TLS.</param>
/// <param name="GraceSeconds">How long a cut connection may be resumed.</param>
internal sealed record SessionOffer(string Session, Guid Routing, string Fingerprint, string Secret, int GraceSeconds);
