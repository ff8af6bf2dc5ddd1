using System.Net;

namespace Weir.Protocol.Grpc;

/// <summary>A request body that stays open: what is written to it later goes out at once.</summary>
internal sealed class OutgoingStream : HttpContent
{
    private readonly TaskCompletionSource<Stream> _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public OutgoingStream() => Headers.TryAddWithoutValidation("Content-Type", GrpcFrames.ContentType);

    /// <summary>Completes when the connection is there.</summary>
    public Task<Stream> Opened => _opened.Task;

    /// <summary>Ends the body.</summary>
    public void Close() => _closed.TrySetResult();

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(
        Stream stream,
        TransportContext? context,
        CancellationToken cancellation
    )
    {
        // Headers go out now, not with the first message: the answer's headers are awaited before anything is written.
        await stream.FlushAsync(cancellation);
        _opened.TrySetResult(stream);
        await _closed.Task.WaitAsync(cancellation);
    }

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }
}
