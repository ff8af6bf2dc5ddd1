using System.Buffers.Binary;

namespace Weir.Oracle;

/// <summary>
/// A texture object. Values are those of the CUDA Driver API (CUarray_format, CUaddress_mode, CUfilter_mode,
/// CU_TRSF_*); the layout read by <see cref="Read"/> is the one that launch records carry.
/// </summary>
public sealed record OracleTexture
{
    /// <summary>Size of a descriptor, bytes.</summary>
    public const uint DescriptorBytes = 64;

    public required ulong Base { get; init; }

    /// <summary>Texels per row.</summary>
    public required uint Width { get; init; }

    /// <summary>Rows; 0 for linear memory.</summary>
    public required uint Height { get; init; }

    /// <summary>Layers; 0 or 1 for two dimensions.</summary>
    public required uint Depth { get; init; }

    public required uint PitchBytes { get; init; }

    /// <summary>1 u8, 2 u16, 3 u32, 8 s8, 9 s16, 10 s32, 0x10 half, 0x20 float.</summary>
    public required uint Format { get; init; }

    /// <summary>1, 2 or 4.</summary>
    public required uint Channels { get; init; }

    /// <summary>0 wrap, 1 clamp, 2 mirror, 3 border.</summary>
    public required uint AddressX { get; init; }

    public required uint AddressY { get; init; }

    public required uint AddressZ { get; init; }

    /// <summary>True when texels are interpolated.</summary>
    public required bool Linear { get; init; }

    /// <summary>1 read as integer, 2 normalised coordinates, 0x10 sRGB.</summary>
    public required uint Flags { get; init; }

    public bool ReadAsInteger => (Flags & 1) != 0;

    public bool Normalised => (Flags & 2) != 0;

    public static OracleTexture Read(ReadOnlySpan<byte> descriptor)
    {
        var words = new uint[16];
        for (var i = 0; i < words.Length; i++)
        {
            words[i] = BinaryPrimitives.ReadUInt32LittleEndian(descriptor[(4 * i)..]);
        }
        return new OracleTexture
        {
            Base = words[0] | ((ulong)words[1] << 32),
            Width = words[2],
            Height = words[3],
            Depth = words[4],
            PitchBytes = words[5],
            Format = words[6],
            Channels = words[7],
            AddressX = words[8],
            AddressY = words[9],
            AddressZ = words[10],
            Linear = words[11] == 1,
            Flags = words[12],
        };
    }
}
