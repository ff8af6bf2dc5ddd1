using System.Collections.Concurrent;

namespace Weir.Dashboard.Pool;

/// <summary>
/// Answers of a moment ago: pages are asked for every second, and what takes the controller long and changes slowly need not be asked each time.
/// </summary>
internal sealed class Answers
{
    private const int Most = 2000;
    private readonly ConcurrentDictionary<string, (long At, object Value)> _known = new();

    /// <summary>An answer that is no older than that, or a new one.</summary>
    /// <param name="key">What was asked, and by whom.</param>
    /// <param name="age">How old it may be.</param>
    /// <param name="ask">Asks.</param>
    public async Task<T> RecentAsync<T>(string key, TimeSpan age, Func<Task<T>> ask)
        where T : class
    {
        long now = Environment.TickCount64;
        if (_known.TryGetValue(key, out var known) && now - known.At < age.TotalMilliseconds && known.Value is T value)
        {
            return value;
        }
        T fresh = await ask();
        if (_known.Count >= Most)
        {
            _known.Clear();
        }
        _known[key] = (now, fresh);
        return fresh;
    }
}
