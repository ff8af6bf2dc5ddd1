namespace Weir.Kernels.Codegen;

/// <summary>The code generator could not do its work: libLLVM is missing or refused what it was given.</summary>
/// <param name="reason">What happened, for a log.</param>
public sealed class CodegenException(string reason) : Exception(reason);
