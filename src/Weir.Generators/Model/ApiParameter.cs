namespace Weir.Generators.Model;

/// <summary>Direction and shape of a parameter.</summary>
internal enum ParameterMode
{
    /// <summary>By value.</summary>
    Value,

    /// <summary>A handle that may be null.</summary>
    OptionalHandle,

    /// <summary>An address that travels as a number, neither read nor translated.</summary>
    Address,

    /// <summary>A structure read by the callee.</summary>
    In,

    /// <summary>An array read by the callee.</summary>
    InArray,

    /// <summary>A value written by the callee.</summary>
    Out,

    /// <summary>An array written by the callee.</summary>
    OutArray,

    /// <summary>A value read and written.</summary>
    InOut,

    /// <summary>A NUL-terminated string read by the callee.</summary>
    CString,

    /// <summary>A handle that the call creates.</summary>
    New,

    /// <summary>A handle that the call destroys.</summary>
    Delete,
}

/// <summary>One parameter of a call.</summary>
/// <param name="Mode">Direction and shape.</param>
/// <param name="IsOptional">The pointer may be null.</param>
/// <param name="TypeName">C type without const and stars.</param>
/// <param name="Depth">Number of stars.</param>
/// <param name="Name">Name as in C.</param>
/// <param name="Count">For arrays: the parameter, or the literal, that gives the number of elements.</param>
internal sealed record ApiParameter(
    ParameterMode Mode,
    bool IsOptional,
    string TypeName,
    int Depth,
    string Name,
    string Count
);
