using Weir.Protocol.Agents;

namespace Weir.Protocol.Grpc;

/// <summary>The agent's open stream. One reader and any number of writers.</summary>
public sealed class AgentStream : IAsyncDisposable
{
    private readonly HttpResponseMessage _response;
    private readonly OutgoingStream _outgoing;
    private readonly Stream _incoming;
    private readonly SemaphoreSlim _writing = new(1);

    internal AgentStream(HttpResponseMessage response, OutgoingStream outgoing, Stream incoming)
    {
        _response = response;
        _outgoing = outgoing;
        _incoming = incoming;
    }

    /// <summary>Sends a message; throws <see cref="IOException"/> when the connection is gone.</summary>
    public async Task SendAsync(AgentMessage message, CancellationToken cancellation)
    {
        byte[] frame = GrpcFrames.Frame(message);
        await _writing.WaitAsync(cancellation);
        try
        {
            var stream = await _outgoing.Opened.WaitAsync(cancellation);
            await stream.WriteAsync(frame, cancellation);
            await stream.FlushAsync(cancellation);
        }
        catch (Exception ended)
            when (ended is ObjectDisposedException
                || (ended is OperationCanceledException && !cancellation.IsCancellationRequested)
            )
        {
            throw new IOException("the controller ended the stream", ended);
        }
        finally
        {
            _writing.Release();
        }
    }

    /// <summary>
    /// The next message; null when the controller closed the stream in order. Throws <see cref="GrpcException"/> when it
    /// ended it with a status, <see cref="IOException"/> or <see cref="HttpRequestException"/> when the connection broke.
    /// </summary>
    public async Task<ControllerMessage?> ReceiveAsync(CancellationToken cancellation)
    {
        var message = await GrpcFrames.ReadAsync(_incoming, ControllerMessage.Parser, cancellation);
        if (message is null)
        {
            AgentsClient.ThrowIfRefused(_response);
        }
        return message;
    }

    /// <summary>Closes the stream.</summary>
    public async ValueTask DisposeAsync()
    {
        _outgoing.Close();
        await _incoming.DisposeAsync();
        _response.Dispose();
    }
}
