namespace Weir.Kernels.Abi;

/// <summary>How much time the compiler may take for a kernel.</summary>
public enum CodeQuality : byte
{
    /// <summary>Somebody waits for the first launch: code that is right, soon.</summary>
    Quick = 0,

    /// <summary>Nobody waits, or the kernel is so small that it makes no difference: the best code.</summary>
    Full = 1,
}
