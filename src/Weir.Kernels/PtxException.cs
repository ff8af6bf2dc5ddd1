namespace Weir.Kernels;

/// <summary>PTX that is malformed, inconsistent or uses what is not supported. The message is for the person who wrote it.</summary>
/// <param name="reason">What is wrong, in words.</param>
/// <param name="line">Line of the text, 1-based; 0 when it concerns the whole.</param>
/// <param name="unsupported">True when the text is valid PTX that Weir does not run yet.</param>
public sealed class PtxException(string reason, int line, bool unsupported = false)
    : Exception(line > 0 ? $"line {line}: {reason}" : reason)
{
    /// <summary>What is wrong, without the line.</summary>
    public string Reason { get; } = reason;

    /// <summary>Line of the text, 1-based; 0 when it concerns the whole.</summary>
    public int Line { get; } = line;

    /// <summary>True when the text is valid PTX that Weir does not run yet.</summary>
    public bool Unsupported { get; } = unsupported;
}
