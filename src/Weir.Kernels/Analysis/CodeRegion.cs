namespace Weir.Kernels.Analysis;

/// <summary>What runs from one barrier to the next.</summary>
/// <param name="Start">Its first piece.</param>
/// <param name="Nodes">Its pieces in schedule order.</param>
/// <param name="Exits">Continuations behind the barriers that it may end at.</param>
/// <param name="Leaves">True when threads may exit in it.</param>
internal sealed record CodeRegion(CodeNode Start, CodeNode[] Nodes, int[] Exits, bool Leaves);
