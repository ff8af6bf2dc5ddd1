namespace Weir.Kernels.Abi;

/// <summary>A kernel as the compiler hands it out.</summary>
/// <param name="Info">What a launch must know.</param>
/// <param name="Object">x86-64 ELF relocatable object with <see cref="KernelAbi.EntrySymbol"/>.</param>
public sealed record CompiledKernel(KernelInfo Info, byte[] Object);
