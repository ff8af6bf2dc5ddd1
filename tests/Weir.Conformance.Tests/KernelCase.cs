using System.Runtime.InteropServices;
using Weir.Oracle;

namespace Weir.Conformance.Tests;

/// <summary>One launch with all it needs: buffers get device addresses in the order in which they are added.</summary>
internal sealed class KernelCase
{
    /// <summary>Buffers begin on 256-byte boundaries with a hole behind each, so that small overruns are faults.</summary>
    private const ulong Spacing = 256;

    private readonly List<byte> _parameters = [];
    private readonly List<(ulong Offset, byte[] Bytes)> _buffers = [];
    private ulong _next = Spacing;

    public required string Ptx { get; init; }

    public required string Entry { get; init; }

    public Dim3 Grid { get; init; } = new(1);

    public Dim3 Block { get; init; } = new(32);

    public uint DynamicSharedBytes { get; init; }

    public long MaxSteps { get; init; } = 100_000_000;

    /// <summary>Device address of the first byte of the arena that holds all buffers.</summary>
    public ulong ArenaBase { get; init; } = 0x7000_0000_0000;

    public ulong ArenaBytes => _next;

    public Dictionary<ulong, OracleTexture> Textures { get; } = [];

    /// <summary>Addresses of the module's variables, once <see cref="PlaceVariables"/> has given them some.</summary>
    public Dictionary<string, ulong> Symbols { get; } = [];

    /// <summary>The buffers as they are before the launch, by offset in the arena.</summary>
    public IReadOnlyList<(ulong Offset, byte[] Bytes)> Buffers => _buffers;

    public byte[] Parameters => [.. _parameters];

    public KernelCase Parameter(int value) => Parameter((uint)value);

    public KernelCase Parameter(uint value)
    {
        AlignParameters(4);
        _parameters.AddRange(BitConverter.GetBytes(value));
        return this;
    }

    public KernelCase Parameter(float value) => Parameter(BitConverter.SingleToUInt32Bits(value));

    public KernelCase Parameter(ulong value)
    {
        AlignParameters(8);
        _parameters.AddRange(BitConverter.GetBytes(value));
        return this;
    }

    /// <summary>Adds a buffer and passes its address.</summary>
    public KernelCase Buffer(byte[] bytes, out int index)
    {
        var address = AddBuffer(bytes, out index);
        return Parameter(address);
    }

    /// <summary>Adds a buffer; answers its address.</summary>
    public ulong AddBuffer(byte[] bytes, out int index)
    {
        index = _buffers.Count;
        var offset = _next;
        _buffers.Add((offset, bytes));
        _next = (offset + (ulong)bytes.Length + (2 * Spacing) - 1) / Spacing * Spacing;
        return ArenaBase + offset;
    }

    /// <summary>Puts the module's variables into buffers behind the others.</summary>
    public void PlaceVariables(OracleModule module)
    {
        foreach (var (name, _, _, initial) in module.Variables)
        {
            Symbols[name] = AddBuffer(initial, out _);
        }
    }

    /// <summary>Runs on the oracle; answers the buffers afterwards.</summary>
    public byte[][] RunOnOracle() => RunOnOracle(OracleModule.Parse(Ptx));

    public byte[][] RunOnOracle(OracleModule module) => RunOnOracle(module, lastThreadFirst: false, turnSteps: 10_000);

    public byte[][] RunOnOracle(OracleModule module, bool lastThreadFirst, int turnSteps)
    {
        var memory = new OracleMemory();
        var after = _buffers.Select(b => b.Bytes.ToArray()).ToArray();
        for (var i = 0; i < after.Length; i++)
        {
            memory.Add(ArenaBase + _buffers[i].Offset, after[i]);
        }
        module.Run(
            Entry,
            new OracleLaunch
            {
                Grid = Grid,
                Block = Block,
                DynamicSharedBytes = DynamicSharedBytes,
                Parameters = Parameters,
                Textures = Textures,
                Symbols = Symbols,
                MaxSteps = MaxSteps,
                LastThreadFirst = lastThreadFirst,
                TurnSteps = turnSteps,
            },
            memory
        );
        return after;
    }

    public static byte[] Bytes<T>(IEnumerable<T> values)
        where T : unmanaged
    {
        var array = values.ToArray();
        return MemoryMarshal.AsBytes(array.AsSpan()).ToArray();
    }

    public static T[] Values<T>(byte[] bytes)
        where T : unmanaged => MemoryMarshal.Cast<byte, T>(bytes).ToArray();

    private void AlignParameters(int alignment)
    {
        while (_parameters.Count % alignment != 0)
        {
            _parameters.Add(0);
        }
    }
}
