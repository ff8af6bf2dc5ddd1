using System.Net;
using System.Security.Cryptography;
using System.Threading.Channels;
using Weir.Protocol.Agents;
using Weir.Protocol.Grpc;

namespace Weir.Controller.Tests.Support;

/// <summary>An agent's stream whose bytes are the test's own: frames go out as they are given.</summary>
internal sealed class RawAgent : IAsyncDisposable
{
    private readonly HttpClient _http;
    private readonly Channel<byte[]> _frames = Channel.CreateUnbounded<byte[]>();
    private Stream _answers = Stream.Null;

    private RawAgent(HttpClient http) => _http = http;

    /// <summary>Opens the stream with a node's credential.</summary>
    public static async Task<RawAgent> ConnectAsync(string address, string fingerprint, string credential)
    {
        var handler = new SocketsHttpHandler();
        handler.SslOptions.RemoteCertificateValidationCallback = (_, certificate, _, _) =>
            fingerprint.Equals(
                certificate?.GetCertHashString(HashAlgorithmName.SHA256),
                StringComparison.OrdinalIgnoreCase
            );
        var agent = new RawAgent(new HttpClient(handler) { BaseAddress = new Uri($"https://{address}/") });
        using var request = new HttpRequestMessage(HttpMethod.Post, "weir.agents.v1.Agents/Connect")
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new Frames(agent._frames.Reader),
        };
        request.Headers.Authorization = new("Bearer", credential);
        var answer = await agent._http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        answer.EnsureSuccessStatusCode();
        agent._answers = await answer.Content.ReadAsStreamAsync();
        return agent;
    }

    /// <summary>Sends bytes.</summary>
    public void Send(byte[] frame) => Assert.True(_frames.Writer.TryWrite(frame));

    /// <summary>The next message of the controller; null when it closed the stream.</summary>
    public async Task<ControllerMessage?> ReceiveAsync() =>
        await GrpcFrames
            .ReadAsync(_answers, ControllerMessage.Parser, CancellationToken.None)
            .AsTask()
            .WaitAsync(TimeSpan.FromSeconds(90));

    public async ValueTask DisposeAsync()
    {
        _frames.Writer.TryComplete();
        await _answers.DisposeAsync();
        _http.Dispose();
    }

    private sealed class Frames(ChannelReader<byte[]> frames) : HttpContent
    {
        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.FlushAsync();
            await foreach (byte[] frame in frames.ReadAllAsync())
            {
                await stream.WriteAsync(frame);
                await stream.FlushAsync();
            }
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
