namespace Weir.Oracle;

/// <summary>Why a kernel cannot go on.</summary>
public enum OracleFaultKind
{
    IllegalAddress,
    MisalignedAddress,
    Trap,
    BadTexture,
    Deadlock,
    TooLong,
}

/// <summary>The kernel did what a device answers with an error.</summary>
public sealed class OracleFault(OracleFaultKind kind, string message) : Exception(message)
{
    public OracleFaultKind Kind { get; } = kind;

    /// <summary>PTX line, 1-based; 0 while not known.</summary>
    public int Line { get; init; }
}

/// <summary>The text is not PTX that the oracle understands.</summary>
public sealed class OracleSyntaxException(int line, string message) : Exception($"line {line}: {message}");
