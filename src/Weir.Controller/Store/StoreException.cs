namespace Weir.Controller.Store;

/// <summary>The store cannot be opened or written; the message says what to do.</summary>
internal sealed class StoreException(string message, Exception? cause = null) : Exception(message, cause);
