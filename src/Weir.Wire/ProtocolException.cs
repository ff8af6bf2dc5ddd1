namespace Weir.Wire;

/// <summary>The other side broke the rules of the wire: the session ends.</summary>
internal sealed class ProtocolException(string message) : Exception(message);
