namespace Weir.Kernels.Ptx;

/// <summary>
/// What a pointer to a function holds. It follows from the function's name alone, so that kernels of a module, which are compiled one
/// by one, and initial values of its variables agree. No address of memory looks like it.
/// </summary>
public static class FunctionHandle
{
    private const ulong Tag = 0x4675_0000_0000_0000;
    private const ulong NameMask = 0x0000_ffff_ffff_ffff;

    /// <summary>The handle of a function.</summary>
    public static ulong Of(string name)
    {
        // FNV-1a.
        ulong hash = 0xcbf2_9ce4_8422_2325;
        foreach (char c in name)
        {
            hash = (hash ^ c) * 0x0000_0100_0000_01b3;
        }
        return Tag | ((hash ^ (hash >> 48)) & NameMask);
    }
}
