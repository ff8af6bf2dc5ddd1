using Microsoft.Extensions.Logging;

namespace Weir.Controller.Store;

/// <summary>
/// Writes in the order in which they were posted, as many as are waiting with one commit, so that the cost of reaching the
/// disk is shared. Nothing is announced before its write is committed.
/// </summary>
internal sealed class CommitQueue : IDisposable
{
    private const int LargestBatch = 512;
    private readonly Database _database;
    private readonly ILogger _log;
    private readonly Lock _gate = new();
    private readonly Thread _thread;
    private readonly SemaphoreSlim _wake = new(0);
    private Queue<StoreWrite> _posted = new();
    private StoreSession? _session;
    private bool _stopping;

    // Writes that must not be lost and could not be written yet; always before all others.
    private List<StoreWrite> _backlog = [];

    public CommitQueue(Database database, StoreSession session, ILogger log)
    {
        _database = database;
        _session = session;
        _log = log;
        _thread = new Thread(Run) { IsBackground = true, Name = "weir commits" };
        _thread.Start();
    }

    /// <summary>Why the store cannot be written now; null when it can.</summary>
    public string? Trouble { get; private set; }

    /// <summary>Commits so far.</summary>
    public long Commits { get; private set; }

    /// <summary>Appends a write. Called under the lock of the state that it describes.</summary>
    public void Post(StoreWrite write)
    {
        lock (_gate)
        {
            _posted.Enqueue(write);
        }
        _wake.Release();
    }

    /// <summary>Completes when everything posted before is on disk; throws when it could not be written.</summary>
    public Task FlushAsync()
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Post(
            new StoreWrite(
                _ => { },
                () => done.TrySetResult(),
                error =>
                {
                    done.TrySetException(error);
                    return _ => { };
                }
            )
        );
        return done.Task;
    }

    public void Dispose()
    {
        _stopping = true;
        _wake.Release();
        _thread.Join(TimeSpan.FromSeconds(10));
        _session?.Dispose();
    }

    private void Run()
    {
        while (true)
        {
            bool more = _wake.Wait(_backlog.Count > 0 ? TimeSpan.FromMilliseconds(500) : Timeout.InfiniteTimeSpan);
            var batch = Take();
            if (batch.Count == 0)
            {
                if (_stopping)
                {
                    return;
                }
                if (more)
                {
                    continue;
                }
            }
            Commit(batch);
            if (_stopping && _backlog.Count > 0 && Trouble is not null)
            {
                _log.LogError(
                    "stopping with {Count} changes that could not be written: {Trouble}",
                    _backlog.Count,
                    Trouble
                );
                return;
            }
        }
    }

    private List<StoreWrite> Take()
    {
        var batch = new List<StoreWrite>(_backlog);
        _backlog = [];
        lock (_gate)
        {
            while (_posted.Count > 0 && batch.Count < LargestBatch)
            {
                batch.Add(_posted.Dequeue());
            }
            if (_posted.Count > 0)
            {
                _wake.Release();
            }
        }
        return batch;
    }

    private void Commit(List<StoreWrite> batch)
    {
        if (batch.Count == 0)
        {
            return;
        }
        if (Attempt(batch) is not { } error)
        {
            Trouble = null;
            batch.ForEach(Announce);
            return;
        }
        if (_database.Unavailable(error) is null && batch.Count > 1)
        {
            // One statement is wrong; the others must not suffer.
            batch.ForEach(write => Commit([write]));
            return;
        }
        string what = _database.Unavailable(error) ?? error.Message;
        var failure = new StoreException(what, error);
        if (_database.Unavailable(error) is null)
        {
            _log.LogCritical(error, "a change was refused by the store");
            batch[0].Failed?.Invoke(failure);
            return;
        }
        if (Trouble is null)
        {
            _log.LogError("the store cannot be written: {What}", what);
        }
        Trouble = what;
        foreach (var write in batch)
        {
            // A commit whose answer was lost may have happened: what undoes it is written too.
            _backlog.Add(write.Failed is null ? write : new StoreWrite(write.Failed(failure)));
        }
    }

    private void Announce(StoreWrite write)
    {
        try
        {
            write.Committed?.Invoke();
        }
        catch (Exception error)
        {
            _log.LogCritical(error, "announcing a change failed");
        }
    }

    private Exception? Attempt(List<StoreWrite> batch)
    {
        try
        {
            if (_session is null)
            {
                // The place may have been exchanged meanwhile; a connection is never trusted after an error.
                _session = new StoreSession(_database.Open());
            }
            using var transaction = _session.Connection.BeginTransaction();
            _session.Transaction = transaction;
            foreach (var write in batch)
            {
                write.Apply(_session);
            }
            transaction.Commit();
            Commits++;
            return null;
        }
        catch (Exception error)
        {
            try
            {
                _session?.Dispose();
            }
            catch (Exception second)
            {
                _log.LogWarning(second, "closing a broken connection failed");
            }
            _session = null;
            return error;
        }
    }
}
