namespace Weir.Agent.Sessions;

/// <summary>A session does not move; the message says why, for people.</summary>
internal sealed class MoveException(string message) : Exception(message);
