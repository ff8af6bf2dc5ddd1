using System.Text;

namespace Weir.Api;

/// <summary>What is known of each call that travels, by its number. Data of the binary: usable where nothing may allocate.</summary>
public static partial class CallTable
{
    /// <summary>The number belongs to a call.</summary>
    public static bool IsKnown(ushort op) => op <= MaxOp && (Flags[op] & 1) != 0;

    /// <summary>The client waits for the answer.</summary>
    public static bool IsCall(ushort op) => op <= MaxOp && (Flags[op] & 2) != 0;

    /// <summary>The answer carries latched errors of posts.</summary>
    public static bool Reports(ushort op) => op <= MaxOp && (Flags[op] & 4) != 0;

    /// <summary>The device may take long to answer.</summary>
    public static bool Blocks(ushort op) => op <= MaxOp && (Flags[op] & 8) != 0;

    /// <summary>The C name, or the name of the wire operation, without NUL; empty when the number is unknown.</summary>
    public static ReadOnlySpan<byte> NameUtf8(ushort op) =>
        IsKnown(op) ? StaticNames.At(NameText, NameOffsets, NameIndex[op]) : default;

    /// <inheritdoc cref="NameUtf8"/>
    public static string Name(ushort op) => IsKnown(op) ? Encoding.UTF8.GetString(NameUtf8(op)) : $"op {op}";
}
