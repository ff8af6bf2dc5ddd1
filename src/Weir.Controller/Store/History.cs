namespace Weir.Controller.Store;

/// <summary>Questions about what has ended; on a connection of their own, so that commits do not wait for them.</summary>
internal sealed class History(Database database) : IDisposable
{
    /// <summary>The most that a list answers.</summary>
    public const int Most = 1000;

    private readonly Lock _gate = new();
    private StoreSession? _session;

    public T Read<T>(Func<StoreSession, T> question)
    {
        lock (_gate)
        {
            try
            {
                _session ??= new StoreSession(database.Open());
                return question(_session);
            }
            catch (Exception error)
            {
                _session?.Dispose();
                _session = null;
                throw database.Unavailable(error) is { } what ? new StoreException(what, error) : error;
            }
        }
    }

    public void Dispose() => _session?.Dispose();
}
