using System.Net.Http.Json;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Weir.Protocol.Rest;

namespace Weir.Cli.Pool;

/// <summary>The controller's REST interface: over its local socket, or with TLS pinned by the token's fingerprint.</summary>
internal sealed class ControllerClient : IDisposable
{
    private readonly HttpClient _http;
    private readonly string _place;

    public ControllerClient(Login login)
    {
        _place = login.Controller;
        var handler = new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(10) };
        if (login.Controller.Contains('/'))
        {
            handler.ConnectCallback = async (_, cancellation) =>
            {
                var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                try
                {
                    await socket.ConnectAsync(new UnixDomainSocketEndPoint(login.Controller), cancellation);
                    return new NetworkStream(socket, ownsSocket: true);
                }
                catch
                {
                    socket.Dispose();
                    throw;
                }
            };
            _http = new HttpClient(handler) { BaseAddress = new Uri("http://localhost/") };
        }
        else
        {
            string token =
                login.Token
                ?? throw new PoolException(
                    $"a token is needed for the controller at {login.Controller}: set WEIR_TOKEN, or `weir login {login.Controller} --token …`"
                );
            string fingerprint = Fingerprint(token, "weiru1");
            handler.SslOptions = new SslClientAuthenticationOptions
            {
                RemoteCertificateValidationCallback = (_, certificate, _, _) =>
                    certificate
                        ?.GetCertHashString(HashAlgorithmName.SHA256)
                        .Equals(fingerprint, StringComparison.OrdinalIgnoreCase) == true,
            };
            _http = new HttpClient(handler) { BaseAddress = new Uri($"https://{login.Controller}/") };
            _http.DefaultRequestHeaders.Authorization = new("Bearer", token);
        }
        _http.Timeout = Timeout.InfiniteTimeSpan;
    }

    /// <summary>The fingerprint inside a token of a kind; throws when it is no such token.</summary>
    public static string Fingerprint(string token, string kind) =>
        token.Split('.') is [var prefix, { Length: 64 } fingerprint, { Length: > 0 }] && prefix == kind
            ? fingerprint
            : throw new PoolException(
                $"this is not a token of the form {kind}.FINGERPRINT.SECRET: `weir token create --kind {(kind == "weir1" ? "join" : "user")}` on the controller's machine makes one"
            );

    public Task<T> GetAsync<T>(string path, JsonTypeInfo<T> type) => SendAsync(HttpMethod.Get, path, null, type);

    public Task<TAnswer> PostAsync<TBody, TAnswer>(
        string path,
        TBody body,
        JsonTypeInfo<TBody> bodyType,
        JsonTypeInfo<TAnswer> type
    ) => SendAsync(HttpMethod.Post, path, JsonContent.Create(body, bodyType), type);

    public Task<TBody> PutAsync<TBody>(string path, TBody body, JsonTypeInfo<TBody> type) =>
        SendAsync(HttpMethod.Put, path, JsonContent.Create(body, type), type);

    public Task<T> PostAsync<T>(string path, JsonTypeInfo<T> type) => SendAsync(HttpMethod.Post, path, null, type);

    public Task<T> DeleteAsync<T>(string path, JsonTypeInfo<T> type) => SendAsync(HttpMethod.Delete, path, null, type);

    /// <summary>A request whose answer has no body.</summary>
    public async Task DoAsync<TBody>(HttpMethod method, string path, TBody? body, JsonTypeInfo<TBody>? type)
        where TBody : class
    {
        using var answer = await AskAsync(method, path, body is null ? null : JsonContent.Create(body, type!));
    }

    /// <summary>An answer that is read as it comes.</summary>
    public async Task CopyAsync(string path, Stream to, CancellationToken cancellation)
    {
        using var answer = await AskAsync(HttpMethod.Get, path, null);
        await using var body = await answer.Content.ReadAsStreamAsync(cancellation);
        byte[] buffer = new byte[64 << 10];
        int count;
        while ((count = await body.ReadAsync(buffer, cancellation)) > 0)
        {
            await to.WriteAsync(buffer.AsMemory(0, count), cancellation);
            await to.FlushAsync(cancellation);
        }
    }

    public void Dispose() => _http.Dispose();

    private async Task<T> SendAsync<T>(HttpMethod method, string path, HttpContent? content, JsonTypeInfo<T> type)
    {
        using var answer = await AskAsync(method, path, content);
        return await answer.Content.ReadFromJsonAsync(type)
            ?? throw new PoolException($"the controller answered nothing to {method} {path}");
    }

    private async Task<HttpResponseMessage> AskAsync(HttpMethod method, string path, HttpContent? content)
    {
        using var request = new HttpRequestMessage(method, path) { Content = content };
        HttpResponseMessage answer;
        try
        {
            answer = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        }
        catch (HttpRequestException error)
        {
            throw new PoolException(Unreachable(error));
        }
        if (answer.IsSuccessStatusCode)
        {
            return answer;
        }
        using (answer)
        {
            var problem = await ReadProblemAsync(answer);
            throw new PoolException(
                problem?.Message ?? $"the controller answered {(int)answer.StatusCode} to {method} {path}",
                problem?.Code ?? ""
            );
        }
    }

    private static async Task<Problem?> ReadProblemAsync(HttpResponseMessage answer)
    {
        try
        {
            return await answer.Content.ReadFromJsonAsync(RestJson.Default.Problem);
        }
        catch (JsonException)
        {
            // Whatever answered is no controller; its status says more than its body.
            return null;
        }
    }

    private string Unreachable(HttpRequestException error)
    {
        if (error.HttpRequestError == HttpRequestError.SecureConnectionError)
        {
            return $"whoever answers at {_place} is not the controller that made this token (another certificate): use that controller's address, or a token of this one";
        }
        string why =
            _place.Contains('/') && !File.Exists(_place)
                ? "there is no such socket"
                : error.InnerException?.Message ?? error.Message;
        return _place.Contains('/')
            ? $"no controller answers at {_place} ({why}): `weir up` starts one here; for one elsewhere `weir login HOST:PORT --token …`"
            : $"no controller answers at {_place} ({why}): look whether it runs there and its port is open";
    }
}
