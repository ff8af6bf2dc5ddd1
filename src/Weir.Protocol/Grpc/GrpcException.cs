namespace Weir.Protocol.Grpc;

/// <summary>The other side answered with a status that is not OK.</summary>
public sealed class GrpcException(GrpcStatus status, string message) : Exception(message)
{
    /// <summary>The status.</summary>
    public GrpcStatus Status => status;
}
