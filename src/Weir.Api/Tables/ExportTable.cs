using System.Text;

namespace Weir.Api;

/// <summary>Every symbol that the shim exports, in ordinal order; its place is the export index.</summary>
public static partial class ExportTable
{
    /// <summary>The symbol, without NUL.</summary>
    public static ReadOnlySpan<byte> NameUtf8(int index) => StaticNames.At(NameText, NameOffsets, index);

    /// <inheritdoc cref="NameUtf8"/>
    public static string Name(int index) => Encoding.UTF8.GetString(NameUtf8(index));

    /// <summary>The export only answers "not supported".</summary>
    public static bool IsRefused(int index) => Forms[index] != 0;
}
