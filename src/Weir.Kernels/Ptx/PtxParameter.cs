using Weir.Kernels.Ir;

namespace Weir.Kernels.Ptx;

/// <summary>A kernel parameter.</summary>
/// <param name="Name">Name in the text.</param>
/// <param name="Type">Declared type (of the element, for arrays).</param>
/// <param name="OffsetBytes">Bytes from the start of the parameter block.</param>
/// <param name="SizeBytes">Size.</param>
/// <param name="AlignBytes">Alignment.</param>
public sealed record PtxParameter(string Name, IrType Type, int OffsetBytes, int SizeBytes, int AlignBytes);
