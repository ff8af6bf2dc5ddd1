using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Weir.Protocol.Rest;

namespace Weir.Dashboard.Pool;

/// <summary>The controller's REST interface, as one user.</summary>
internal sealed class PoolClient : IDisposable
{
    private readonly HttpClient _http;

    public PoolClient(HttpMessageHandler handler, Uri address, string? token = null)
    {
        _http = new HttpClient(handler) { BaseAddress = address, Timeout = TimeSpan.FromSeconds(30) };
        if (token is not null)
        {
            _http.DefaultRequestHeaders.Authorization = new("Bearer", token);
        }
    }

    /// <summary>Who answers, and who asks.</summary>
    public Task<StatusView> StatusAsync() => GetAsync("v1/status", RestJson.Default.StatusView);

    public Task<T> GetAsync<T>(string path, JsonTypeInfo<T> type) => SendAsync(HttpMethod.Get, path, null, type);

    public Task<T> PostAsync<T>(string path, JsonTypeInfo<T> type) => SendAsync(HttpMethod.Post, path, null, type);

    public Task<T> PutAsync<T>(string path, T body, JsonTypeInfo<T> type) =>
        SendAsync(HttpMethod.Put, path, JsonContent.Create(body, type), type);

    public Task<T> DeleteAsync<T>(string path, JsonTypeInfo<T> type) => SendAsync(HttpMethod.Delete, path, null, type);

    /// <summary>A request whose answer does not matter.</summary>
    public async Task DoAsync(HttpMethod method, string path)
    {
        using HttpResponseMessage answer = await AskAsync(method, path, null);
    }

    public void Dispose() => _http.Dispose();

    private async Task<T> SendAsync<T>(HttpMethod method, string path, HttpContent? content, JsonTypeInfo<T> type)
    {
        using HttpResponseMessage answer = await AskAsync(method, path, content);
        try
        {
            return await answer.Content.ReadFromJsonAsync(type)
                ?? throw new PoolProblem("the controller answered nothing");
        }
        catch (JsonException odd)
        {
            throw new PoolProblem($"whatever answers is no controller ({odd.Message})");
        }
    }

    private async Task<HttpResponseMessage> AskAsync(HttpMethod method, string path, HttpContent? content)
    {
        HttpResponseMessage answer;
        try
        {
            using var request = new HttpRequestMessage(method, path) { Content = content };
            answer = await _http.SendAsync(request);
        }
        catch (HttpRequestException away)
        {
            throw new PoolProblem($"the controller does not answer ({away.Message}): sessions go on meanwhile");
        }
        catch (TaskCanceledException)
        {
            throw new PoolProblem("the controller did not answer within 30 s: sessions go on meanwhile");
        }
        if (answer.IsSuccessStatusCode)
        {
            return answer;
        }
        using (answer)
        {
            string? why = null;
            if (answer.Content.Headers.ContentType?.MediaType == "application/json")
            {
                why = (await answer.Content.ReadFromJsonAsync(RestJson.Default.Problem))?.Message;
            }
            throw new PoolProblem(why ?? $"the controller answered {(int)answer.StatusCode}");
        }
    }
}
