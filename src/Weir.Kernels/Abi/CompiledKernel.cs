namespace Weir.Kernels.Abi;

/// <summary>A kernel as the compiler hands it out.</summary>
/// <param name="Info">What a launch must know.</param>
/// <param name="Object">x86-64 ELF relocatable object with <see cref="KernelAbi.EntrySymbol"/>.</param>
/// <param name="IsFinal">False when asking for <see cref="CodeQuality.Full"/> gives better code.</param>
public sealed record CompiledKernel(KernelInfo Info, byte[] Object, bool IsFinal = true);
