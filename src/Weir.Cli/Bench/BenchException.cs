namespace Weir.Cli.Bench;

/// <summary>A part of the benchmark could not be run; the message says why, for the person who called it.</summary>
internal sealed class BenchException(string message) : Exception(message);
