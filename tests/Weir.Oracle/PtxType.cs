namespace Weir.Oracle;

/// <summary>A fundamental type: what its bits mean and how many there are.</summary>
/// <param name="Kind">'b', 'u', 's', 'f', 'h' (two halves packed), 'n' (bf16), 'm' (two of these) or 'p' (predicate).</param>
/// <param name="Bits">Width.</param>
internal readonly record struct PtxType(char Kind, int Bits)
{
    public static readonly PtxType Predicate = new('p', 1);
    public static readonly PtxType B32 = new('b', 32);
    public static readonly PtxType U32 = new('u', 32);
    public static readonly PtxType U64 = new('u', 64);

    public bool IsSigned => Kind == 's';

    public bool IsFloat => Kind is 'f' or 'h' or 'n' or 'm';

    /// <summary>True for two numbers in 32 bits.</summary>
    public bool IsPacked => Kind is 'h' or 'm';

    /// <summary>One of the numbers of a packed type, else the type itself.</summary>
    public PtxType Element =>
        Kind switch
        {
            'h' => new PtxType('f', 16),
            'm' => new PtxType('n', 16),
            _ => this,
        };

    public int Bytes => Bits / 8;

    public ulong Mask => Bits == 64 ? ulong.MaxValue : (1UL << Bits) - 1;

    /// <summary>The value of the low bits, read as this type's integer.</summary>
    public Int128 Value(ulong bits)
    {
        bits &= Mask;
        return IsSigned && (bits >> (Bits - 1)) != 0 ? (Int128)bits - ((Int128)1 << Bits) : bits;
    }

    /// <summary>The low bits of a value.</summary>
    public ulong Truncate(Int128 value) => (ulong)(UInt128)value & Mask;

    public Int128 Min => IsSigned ? -((Int128)1 << (Bits - 1)) : 0;

    public Int128 Max => IsSigned ? ((Int128)1 << (Bits - 1)) - 1 : ((Int128)1 << Bits) - 1;

    public ulong Clamp(Int128 value) => Truncate(Int128.Clamp(value, Min, Max));

    public static bool TryParse(string text, out PtxType type)
    {
        type = text switch
        {
            "pred" => Predicate,
            "f16x2" => new PtxType('h', 32),
            "bf16" => new PtxType('n', 16),
            "bf16x2" => new PtxType('m', 32),
            "f16" => new PtxType('f', 16),
            "f32" => new PtxType('f', 32),
            "f64" => new PtxType('f', 64),
            "b8" or "b16" or "b32" or "b64" or "u8" or "u16" or "u32" or "u64" or "s8" or "s16" or "s32" or "s64" =>
                new PtxType(text[0], int.Parse(text[1..])),
            _ => default,
        };
        return type.Bits != 0;
    }

    public override string ToString() =>
        Kind == 'h' ? "f16x2"
        : Kind == 'n' ? "bf16"
        : Kind == 'm' ? "bf16x2"
        : Kind == 'p' ? "pred"
        : $"{Kind}{Bits}";
}
