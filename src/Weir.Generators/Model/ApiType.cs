namespace Weir.Generators.Model;

/// <summary>How a C type of the description is represented and travels.</summary>
internal enum TypeCategory
{
    /// <summary>A number of at most 8 bytes; travels by value.</summary>
    Scalar,

    /// <summary>An enumeration; travels as its number.</summary>
    Enum,

    /// <summary>An object handle minted by the client; translated by the worker.</summary>
    Handle,

    /// <summary>A blittable structure; travels by its bytes.</summary>
    Struct,

    /// <summary>An address or function pointer that means nothing on the other side; never travels translated.</summary>
    Opaque,
}

/// <summary>A line <c>type NAME CATEGORY CSHARP</c>.</summary>
/// <param name="CName">Name in C.</param>
/// <param name="Category">Representation.</param>
/// <param name="CSharpName">Name in C#; <c>nint</c> for handles.</param>
/// <param name="HandleKind">Member of <c>HandleKind</c>, for handles.</param>
/// <param name="Special">For handles: values up to this one (streams: 0, 1, 2) are not objects and pass untranslated.</param>
/// <param name="Error">For handles: the member of the result type that a handle which is none is answered with.</param>
internal sealed record ApiType(
    string CName,
    TypeCategory Category,
    string CSharpName,
    string HandleKind,
    int Special,
    string Error
);
