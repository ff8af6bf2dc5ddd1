using System.Runtime.CompilerServices;

namespace Weir.Wire;

/// <summary>
/// Bits of a handle that the client sees. The client mints it, the worker maps it to the driver's own.
/// <code>
/// 0-3 zero (handles look aligned) · 4-27 index · 28-39 generation · 40-43 and 52 kind (≥ 1) · 44-51 shard · rest 0
/// </code>
/// </summary>
internal static class Handle
{
    internal const int IndexBits = 24;
    internal const int GenerationBits = 12;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static ulong Pack(uint index, uint generation, uint kind, uint shard) =>
        ((ulong)(index & 0xFF_FFFF) << 4)
        | ((ulong)(generation & 0xFFF) << 28)
        | ((ulong)(kind & 15) << 40)
        | ((ulong)(kind >> 4 & 1) << 52)
        | ((ulong)(shard & 255) << 44);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static uint Index(ulong handle) => (uint)(handle >> 4) & 0xFF_FFFF;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static uint Generation(ulong handle) => (uint)(handle >> 28) & 0xFFF;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static uint Kind(ulong handle) => ((uint)(handle >> 40) & 15) | ((uint)(handle >> 48) & 16);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static uint Shard(ulong handle) => (uint)(handle >> 44) & 255;

    /// <summary>True when the bits that must be zero are, and the kind is <paramref name="kind"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static bool IsWellFormed(ulong handle, uint kind) =>
        (handle & 0xFFE0_0000_0000_000F) == 0 && Kind(handle) == kind;
}
