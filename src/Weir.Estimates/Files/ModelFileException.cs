namespace Weir.Estimates.Files;

/// <summary>A model's file cannot be read: which, why, and what to do.</summary>
public sealed class ModelFileException(string message, Exception? inner = null) : Exception(message, inner);
