namespace Weir.Remote;

/// <summary>The other side broke the protocol, is not who it should be, or is gone for good. The message is for people.</summary>
internal sealed class RemoteException(string message, Exception? inner = null) : Exception(message, inner);
