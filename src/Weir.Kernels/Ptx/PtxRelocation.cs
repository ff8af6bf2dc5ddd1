namespace Weir.Kernels.Ptx;

/// <summary>
/// A place in a variable's initial value that holds the address of another variable. The address itself is generic;
/// on this device global addresses and generic ones are the same.
/// </summary>
/// <param name="OffsetBytes">Place in the variable.</param>
/// <param name="SizeBytes">Bytes to write: 8, 4 or, with a mask, 1.</param>
/// <param name="Symbol">Variable whose address it is.</param>
/// <param name="Addend">Added to the address.</param>
/// <param name="ShiftBits">The address is shifted right by this before its low bytes are taken (mask operators).</param>
public sealed record PtxRelocation(long OffsetBytes, int SizeBytes, string Symbol, long Addend, int ShiftBits);
