using Weir.Dashboard.Access;
using Weir.Protocol.Rest;

namespace Weir.Dashboard.Pool;

/// <summary>What one open page asks the controller with: its user's client.</summary>
internal sealed class PoolSession(Logins logins, PoolAddress address, Answers answers) : IDisposable
{
    private PoolClient? _client;
    private string? _session;

    /// <summary>Who the user is; null until it is known.</summary>
    public StatusView? Status { get; private set; }

    /// <summary>May do everything.</summary>
    public bool IsOperator => Status?.Operator == true;

    /// <summary>Says whose page it is.</summary>
    public void Begin(string session) => _session = session;

    /// <summary>The client.</summary>
    /// <exception cref="PoolProblem">The user is not logged in any more.</exception>
    public async Task<PoolClient> ClientAsync()
    {
        if (!logins.TryFind(_session, out string? token))
        {
            throw new PoolProblem("you are logged out: load the page again");
        }
        _client ??= address.Open(token);
        Status ??= await _client.StatusAsync();
        return _client;
    }

    /// <summary>An answer that may be a little old.</summary>
    /// <param name="what">What is asked, apart from times that change with each request.</param>
    /// <param name="age">How old.</param>
    /// <param name="ask">Asks.</param>
    public Task<T> RecentAsync<T>(string what, TimeSpan age, Func<Task<T>> ask)
        where T : class => answers.RecentAsync($"{_session} {what}", age, ask);

    public void Dispose() => _client?.Dispose();
}
