namespace Weir.Remote.Workers;

/// <summary>What an agent tells a worker of the remote client that is to come: the worker's half of a <see cref="Control.SessionOffer"/>.</summary>
/// <param name="Session">Name of the session.</param>
/// <param name="Secret">base64url of 32 random bytes that the client has too.</param>
/// <param name="GraceSeconds">How long to wait for a cut connection to come back before the session ends.</param>
/// <param name="Pid">Process id of the client where it runs.</param>
/// <param name="Program">Path of its program there.</param>
/// <param name="Image">
/// Absolute path of an image's folder: the session is taken over from it, before its client comes. Answered by <see cref="WorkerMessage.Resumed"/> or
/// <see cref="WorkerMessage.Refused"/>. Null: a new session.
/// </param>
internal sealed record RemoteTerms(
    string Session,
    string Secret,
    int GraceSeconds,
    int Pid,
    string Program,
    string? Image = null
);
