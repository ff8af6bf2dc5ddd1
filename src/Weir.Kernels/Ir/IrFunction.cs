namespace Weir.Kernels.Ir;

/// <summary>A virtual register: a width and, for messages, its PTX name.</summary>
/// <param name="Name">Name in the PTX text.</param>
/// <param name="Type">Declared type; its width is what counts (predicates: one bit).</param>
public sealed record IrRegister(string Name, IrType Type)
{
    /// <summary>Width in bits; 1 for predicates.</summary>
    public int Bits => IrTypes.Bits(Type);
}

/// <summary>
/// A variable that the function names. Param, shared and local ones have a fixed <see cref="Offset"/> in their space;
/// global and const ones are given an address when the module is loaded (see KernelLaunch.Symbols).
/// </summary>
/// <param name="Name">Name in the PTX text.</param>
/// <param name="Space">State space.</param>
/// <param name="SizeBytes">Size; 0 for extern shared (dynamic).</param>
/// <param name="AlignBytes">Alignment.</param>
/// <param name="Offset">Offset in its space, bytes; for global and const: index in the launch's symbol table.</param>
public sealed record IrSymbol(string Name, IrSpace Space, long SizeBytes, int AlignBytes, long Offset);

/// <summary>A kernel parameter.</summary>
/// <param name="Offset">Bytes from the start of the parameter block.</param>
/// <param name="SizeBytes">Size.</param>
/// <param name="AlignBytes">Alignment.</param>
public sealed record IrParameter(int Offset, int SizeBytes, int AlignBytes);

/// <summary>
/// A basic block: straight-line operations of which only the last may be a branch, return or exit. Control falls
/// through to the block of the next index when the last operation is guarded or is none of these.
/// </summary>
/// <param name="Index">Own index.</param>
/// <param name="Instructions">Operations in order.</param>
public sealed record IrBlock(int Index, IReadOnlyList<IrInstruction> Instructions);

/// <summary>One kernel in the intermediate form. Device functions it calls are inlined before this point.</summary>
public sealed record IrFunction
{
    /// <summary>Entry name.</summary>
    public required string Name { get; init; }

    /// <summary>All virtual registers.</summary>
    public required IReadOnlyList<IrRegister> Registers { get; init; }

    /// <summary>Variables named by operands.</summary>
    public required IReadOnlyList<IrSymbol> Symbols { get; init; }

    /// <summary>Blocks in text order; block 0 is the entry.</summary>
    public required IReadOnlyList<IrBlock> Blocks { get; init; }

    /// <summary>Parameters in order.</summary>
    public required IReadOnlyList<IrParameter> Parameters { get; init; }

    /// <summary>Size of the parameter block, bytes.</summary>
    public int ParameterBytes { get; init; }

    /// <summary>Static shared memory, bytes; dynamic shared memory follows it, 16-aligned.</summary>
    public int SharedBytes { get; init; }

    /// <summary>Local memory per thread, bytes.</summary>
    public int LocalBytes { get; init; }

    /// <summary>.maxntid product, or 0.</summary>
    public int MaxThreads { get; init; }

    /// <summary>.reqntid, or null.</summary>
    public (int X, int Y, int Z)? RequiredThreads { get; init; }

    /// <summary>True when it asks the device for a service: text to print, memory.</summary>
    public bool UsesSystem => Blocks.Any(block => block.Instructions.Any(i => i.Op == IrOp.System));

    /// <summary>.target sm_NN of the module.</summary>
    public int Target { get; init; }
}
