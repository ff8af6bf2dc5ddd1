using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using Weir.Protocol.Agents;

namespace Weir.Protocol.Grpc;

/// <summary>
/// The agent's side of the service weir.agents.v1.Agents: gRPC over HTTP/2 with TLS. The controller's certificate is
/// trusted by its fingerprint alone.
/// </summary>
public sealed class AgentsClient : IDisposable
{
    private const string Service = "weir.agents.v1.Agents";
    private readonly HttpClient _http;

    /// <summary>A client of one controller; connects at the first call.</summary>
    /// <param name="address">"host:port".</param>
    /// <param name="fingerprint">SHA-256 of the controller's certificate, hex.</param>
    public AgentsClient(string address, string fingerprint)
    {
        var handler = new SocketsHttpHandler
        {
            ConnectTimeout = TimeSpan.FromSeconds(10),
            KeepAlivePingDelay = TimeSpan.FromSeconds(10),
            KeepAlivePingTimeout = TimeSpan.FromSeconds(10),
            SslOptions = new SslClientAuthenticationOptions
            {
                RemoteCertificateValidationCallback = (_, certificate, _, _) =>
                    certificate is not null
                    && string.Equals(
                        certificate.GetCertHashString(HashAlgorithmName.SHA256),
                        fingerprint,
                        StringComparison.OrdinalIgnoreCase
                    ),
            },
        };
        _http = new HttpClient(handler)
        {
            BaseAddress = new Uri($"https://{address}/"),
            Timeout = Timeout.InfiniteTimeSpan,
            DefaultRequestVersion = HttpVersion.Version20,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
    }

    /// <summary>
    /// Trades a join token for the node's credential. Throws <see cref="GrpcException"/> when the controller refuses,
    /// <see cref="HttpRequestException"/> when it cannot be reached or has another certificate.
    /// </summary>
    public async Task<JoinReply> JoinAsync(JoinRequest request, CancellationToken cancellation)
    {
        using var message = Request("Join", null);
        message.Content = new ByteArrayContent(GrpcFrames.Frame(request));
        message.Content.Headers.TryAddWithoutValidation("Content-Type", GrpcFrames.ContentType);
        using var response = await _http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, cancellation);
        ThrowIfRefused(response);
        await using var body = await response.Content.ReadAsStreamAsync(cancellation);
        var reply = await GrpcFrames.ReadAsync(body, JoinReply.Parser, cancellation);
        if (reply is not null)
        {
            return reply;
        }
        ThrowIfRefused(response);
        throw new GrpcException(GrpcStatus.Internal, "the controller answered nothing");
    }

    /// <summary>Opens the stream; throws as <see cref="JoinAsync"/>.</summary>
    /// <param name="credential">Of <see cref="JoinReply"/>.</param>
    /// <param name="cancellation">Ends the stream, also after this method returned.</param>
    public async Task<AgentStream> ConnectAsync(string credential, CancellationToken cancellation)
    {
        var outgoing = new OutgoingStream();
        var message = Request("Connect", credential);
        message.Content = outgoing;
        var response = await _http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, cancellation);
        try
        {
            ThrowIfRefused(response);
            return new AgentStream(response, outgoing, await response.Content.ReadAsStreamAsync(cancellation));
        }
        catch
        {
            response.Dispose();
            throw;
        }
    }

    /// <summary>Closes the connection.</summary>
    public void Dispose() => _http.Dispose();

    internal static void ThrowIfRefused(HttpResponseMessage response)
    {
        if (Header(response, "grpc-status") is { } status && status != "0")
        {
            string text = Uri.UnescapeDataString(Header(response, "grpc-message") ?? "no reason given");
            throw new GrpcException(int.TryParse(status, out int code) ? (GrpcStatus)code : GrpcStatus.Internal, text);
        }
        if (response.StatusCode != HttpStatusCode.OK)
        {
            throw new GrpcException(GrpcStatus.Unavailable, $"the controller answered HTTP {(int)response.StatusCode}");
        }
    }

    private static string? Header(HttpResponseMessage response, string name) =>
        response.Headers.TryGetValues(name, out var values) || response.TrailingHeaders.TryGetValues(name, out values)
            ? values.FirstOrDefault()
            : null;

    private static HttpRequestMessage Request(string method, string? credential)
    {
        var message = new HttpRequestMessage(HttpMethod.Post, $"{Service}/{method}")
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        message.Headers.TryAddWithoutValidation("te", "trailers");
        if (credential is not null)
        {
            message.Headers.TryAddWithoutValidation("authorization", $"Bearer {credential}");
        }
        return message;
    }
}
