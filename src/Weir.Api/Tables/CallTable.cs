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

    /// <summary>The call is of an API whose objects own what is set on them, and whose errors are told by its objects: OpenCL.</summary>
    public static bool IsOfObjects(ushort op) => op <= MaxOp && (Flags[op] & 32) != 0;

    /// <summary>How what the call leaves behind comes along when the session moves.</summary>
    public static CarriageKind Carriage(ushort op) =>
        op <= MaxOp ? (CarriageKind)(Carriages[op] & 15) : CarriageKind.None;

    /// <summary>Where a record of the call names what its state concerns.</summary>
    /// <param name="op">Number of the call.</param>
    /// <param name="index">0 to 2: of several names, which.</param>
    /// <returns>Number of the record's 8-byte field, <see cref="FirstOfAnswer"/>, or -1 when there is no such name.</returns>
    public static int CarriageField(ushort op, int index)
    {
        const int None = 15;
        int field = (Carriages[op] >> (4 * (index + 1))) & 15;
        return field == None ? -1 : field;
    }

    /// <summary>In place of a field's number: the first field of the answer.</summary>
    public const int FirstOfAnswer = 14;

    /// <summary>The C name, or the name of the wire operation, without NUL; empty when the number is unknown.</summary>
    public static ReadOnlySpan<byte> NameUtf8(ushort op) =>
        IsKnown(op) ? StaticNames.At(NameText, NameOffsets, NameIndex[op]) : default;

    /// <inheritdoc cref="NameUtf8"/>
    public static string Name(ushort op) => IsKnown(op) ? Encoding.UTF8.GetString(NameUtf8(op)) : $"op {op}";
}
