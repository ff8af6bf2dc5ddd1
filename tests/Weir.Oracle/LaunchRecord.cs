using System.Buffers.Binary;
using System.Text;

namespace Weir.Oracle;

/// <summary>
/// One kernel launch as a device saw it: what went in and what came out, so that the launch can be replayed on the
/// oracle. The software device writes one file per launch into the folder that the environment variable
/// <c>WEIR_RECORD_LAUNCHES</c> names (file names sort in launch order, ending <c>.launch</c>).
/// <para>
/// Format: little-endian, no padding anywhere. <c>blob</c> = u32 length, then that many bytes; <c>string</c> = a blob of
/// UTF-8 without terminator.
/// <code>
/// 8 bytes   magic, ASCII "WEIRLNC1"
/// string    PTX text of the kernel: version, target, the variables and functions it uses, the entry
/// string    entry name
/// u32 × 3   grid x y z, blocks
/// u32 × 3   block x y z, threads
/// u32       dynamic shared memory, bytes
/// blob      packed parameters, as PTX lays them out
/// u32       number of variables (.global and .const), each:
///   string    name
///   u64       address on the device
/// u32       number of textures, each:
///   u64       handle, as parameters carry it
///   64 bytes  descriptor (Weir.Kernels.Abi.TextureDescriptor)
/// u32       number of segments, each a live allocation of the session (the kernel's variables among them):
///   u64       address
///   blob      bytes before the launch
///   blob      bytes after the launch, the same number
/// </code>
/// </para>
/// </summary>
public sealed record LaunchRecord
{
    private static ReadOnlySpan<byte> Magic => "WEIRLNC1"u8;

    public required string Ptx { get; init; }

    public required string Entry { get; init; }

    public required Dim3 Grid { get; init; }

    public required Dim3 Block { get; init; }

    public required uint DynamicSharedBytes { get; init; }

    public required byte[] Parameters { get; init; }

    public required IReadOnlyDictionary<string, ulong> Symbols { get; init; }

    public required IReadOnlyDictionary<ulong, OracleTexture> Textures { get; init; }

    public required IReadOnlyList<LaunchSegment> Segments { get; init; }

    /// <summary>Reads a record.</summary>
    /// <exception cref="InvalidDataException">The bytes are not a complete record.</exception>
    public static LaunchRecord Read(ReadOnlySpan<byte> bytes)
    {
        var reader = new Reader(bytes);
        if (!reader.Take(8).SequenceEqual(Magic))
        {
            throw new InvalidDataException("not a launch record");
        }
        var ptx = reader.Text();
        var entry = reader.Text();
        var grid = new Dim3(reader.U32(), reader.U32(), reader.U32());
        var block = new Dim3(reader.U32(), reader.U32(), reader.U32());
        var dynamicShared = reader.U32();
        var parameters = reader.Blob().ToArray();
        var symbols = new Dictionary<string, ulong>();
        for (var i = reader.U32(); i > 0; i--)
        {
            var name = reader.Text();
            symbols[name] = reader.U64();
        }
        var textures = new Dictionary<ulong, OracleTexture>();
        for (var i = reader.U32(); i > 0; i--)
        {
            var handle = reader.U64();
            textures[handle] = OracleTexture.Read(reader.Take(OracleTexture.DescriptorBytes));
        }
        var segments = new List<LaunchSegment>();
        for (var i = reader.U32(); i > 0; i--)
        {
            var segment = new LaunchSegment(reader.U64(), reader.Blob().ToArray(), reader.Blob().ToArray());
            if (segment.Before.Length != segment.After.Length)
            {
                throw new InvalidDataException($"segment 0x{segment.Address:x} changes its size");
            }
            segments.Add(segment);
        }
        if (!reader.AtEnd)
        {
            throw new InvalidDataException("bytes after the last segment");
        }
        return new LaunchRecord
        {
            Ptx = ptx,
            Entry = entry,
            Grid = grid,
            Block = block,
            DynamicSharedBytes = dynamicShared,
            Parameters = parameters,
            Symbols = symbols,
            Textures = textures,
            Segments = segments,
        };
    }

    private ref struct Reader(ReadOnlySpan<byte> bytes)
    {
        private ReadOnlySpan<byte> _rest = bytes;

        public readonly bool AtEnd => _rest.IsEmpty;

        public ReadOnlySpan<byte> Take(uint length)
        {
            if (length > (uint)_rest.Length)
            {
                throw new InvalidDataException("launch record is cut short");
            }
            var taken = _rest[..(int)length];
            _rest = _rest[(int)length..];
            return taken;
        }

        public uint U32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(4));

        public ulong U64() => BinaryPrimitives.ReadUInt64LittleEndian(Take(8));

        public ReadOnlySpan<byte> Blob() => Take(U32());

        public string Text() => Encoding.UTF8.GetString(Blob());
    }
}

/// <summary>Device memory around a launch.</summary>
/// <param name="Address">Device address of the first byte.</param>
/// <param name="Before">Contents when the launch began.</param>
/// <param name="After">Contents when it had ended.</param>
public sealed record LaunchSegment(ulong Address, byte[] Before, byte[] After);
