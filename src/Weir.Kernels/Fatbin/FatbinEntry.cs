namespace Weir.Kernels.Fatbin;

/// <summary>What an entry of a fat binary holds.</summary>
public enum FatbinKind : ushort
{
    /// <summary>PTX text.</summary>
    Ptx = 1,

    /// <summary>Machine code of a GPU.</summary>
    Elf = 2,
}

/// <summary>One entry of a fat binary.</summary>
public sealed record FatbinEntry
{
    private const ulong Lz4Flag = 0x2000;
    private const ulong ZstdFlag = 0x8000;

    /// <summary>What it holds; other values than those named occur and are to be passed over.</summary>
    public required FatbinKind Kind { get; init; }

    /// <summary>Architecture: compute capability times ten.</summary>
    public required int Sm { get; init; }

    /// <summary>Flags as they stand in the entry's header.</summary>
    public required ulong Flags { get; init; }

    /// <summary>Contents as stored.</summary>
    public required ReadOnlyMemory<byte> Stored { get; init; }

    /// <summary>Size of the contents when decompressed, as the header says; not always right.</summary>
    public required ulong DeclaredBytes { get; init; }

    /// <summary>The contents, decompressed when they are compressed.</summary>
    /// <exception cref="PtxException">They are damaged, or the library that decompresses is not installed.</exception>
    public ReadOnlyMemory<byte> Contents() =>
        (Flags & (Lz4Flag | ZstdFlag)) switch
        {
            0 => Stored,
            Lz4Flag => FatbinCompression.Lz4(Stored.Span, DeclaredBytes),
            ZstdFlag => FatbinCompression.Zstd(Stored.Span),
            _ => throw new PtxException("an entry of the fat binary claims two compressions", 0),
        };
}
