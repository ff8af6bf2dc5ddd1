namespace Weir.Protocol.Grpc;

/// <summary>The status codes of gRPC that are used here, with gRPC's numbers.</summary>
public enum GrpcStatus
{
    /// <summary>Success.</summary>
    Ok = 0,

    /// <summary>The message makes no sense; trying again does not help.</summary>
    InvalidArgument = 3,

    /// <summary>The name is taken.</summary>
    AlreadyExists = 6,

    /// <summary>Known, and not allowed.</summary>
    PermissionDenied = 7,

    /// <summary>Something in the state forbids it, e.g. another protocol version.</summary>
    FailedPrecondition = 9,

    /// <summary>No such method.</summary>
    Unimplemented = 12,

    /// <summary>The other side failed.</summary>
    Internal = 13,

    /// <summary>Try again later.</summary>
    Unavailable = 14,

    /// <summary>No valid credential.</summary>
    Unauthenticated = 16,
}
