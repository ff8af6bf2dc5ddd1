using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;

namespace Weir.Dashboard.Access;

/// <summary>
/// Who is logged in. With the key that is printed at the start somebody is whoever started the dashboard; with a user's token (`weir token
/// create`) he is that user. Browsers hold a random name for it, tokens stay here.
/// </summary>
internal sealed class Logins
{
    private const int Bytes = 24;
    private static readonly TimeSpan s_life = TimeSpan.FromHours(12);
    private readonly ConcurrentDictionary<string, (string? Token, DateTime Until)> _sessions = new();

    /// <summary>What stands for whoever started it.</summary>
    public string Key { get; } = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(Bytes));

    /// <summary>A new session; null when the key is not the key.</summary>
    public string? WithKey(string key) =>
        CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(key), Encoding.UTF8.GetBytes(Key))
            ? Begin(null)
            : null;

    /// <summary>A new session of a token's user; the controller says whether the token is good.</summary>
    public string WithToken(string token) => Begin(token);

    /// <summary>Whether a session is there, and the token that it has.</summary>
    public bool TryFind(string? session, out string? token)
    {
        token = null;
        if (session is null || !_sessions.TryGetValue(session, out var found))
        {
            return false;
        }
        if (found.Until < DateTime.UtcNow)
        {
            _ = _sessions.TryRemove(session, out _);
            return false;
        }
        token = found.Token;
        return true;
    }

    /// <summary>Ends a session.</summary>
    public void End(string? session)
    {
        if (session is not null)
        {
            _ = _sessions.TryRemove(session, out _);
        }
    }

    private string Begin(string? token)
    {
        string session = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(Bytes));
        _sessions[session] = (token, DateTime.UtcNow + s_life);
        return session;
    }
}
