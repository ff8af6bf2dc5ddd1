namespace Weir.Api;

/// <summary>Reads generated tables of NUL-terminated names.</summary>
internal static class StaticNames
{
    /// <summary>The name at an index, without its NUL.</summary>
    public static ReadOnlySpan<byte> At(ReadOnlySpan<byte> text, ReadOnlySpan<uint> offsets, int index)
    {
        int start = (int)offsets[index];
        int end = index + 1 < offsets.Length ? (int)offsets[index + 1] : text.Length;
        return text.Slice(start, end - start - 1);
    }
}
