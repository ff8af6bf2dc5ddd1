namespace Weir.Worker.Relaying;

/// <summary>Whether the relay sends records: a worker that is to be saved, or handed over, has it stop for as long.</summary>
internal sealed class RelayRest
{
    private readonly object _gate = new();
    private ulong? _bulkFrames;
    private volatile bool _isWanted;

    /// <summary>Called when that changes.</summary>
    public Action Changed { get; set; } = () => { };

    /// <summary>Called when the worker goes on with what it had.</summary>
    public Action WentOn { get; set; } = () => { };

    /// <summary>No records may be sent.</summary>
    public bool IsWanted => _isWanted;

    /// <summary>The worker wants it.</summary>
    public void Pause()
    {
        lock (_gate)
        {
            _bulkFrames = null;
            _isWanted = true;
        }
        Changed();
    }

    /// <summary>The worker has done and answered all that it was sent; with so many frames of bulk.</summary>
    public void Rested(ulong bulkFrames)
    {
        lock (_gate)
        {
            _bulkFrames = bulkFrames;
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>Something has arrived.</summary>
    public void Note()
    {
        if (_isWanted)
        {
            lock (_gate)
            {
                Monitor.PulseAll(_gate);
            }
        }
    }

    /// <summary>The worker goes on.</summary>
    public void GoOn()
    {
        WentOn();
        End();
    }

    /// <summary>Records are sent again.</summary>
    public void End()
    {
        lock (_gate)
        {
            _isWanted = false;
            _bulkFrames = null;
            Monitor.PulseAll(_gate);
        }
        Changed();
    }

    /// <summary>Waits until nothing is on its way; false when that does not become so.</summary>
    /// <param name="hasCome">So many frames of bulk have come, and nothing waits for more.</param>
    /// <param name="limit">How long.</param>
    public bool Await(Func<ulong, bool> hasCome, TimeSpan limit)
    {
        DateTime until = DateTime.UtcNow + limit;
        lock (_gate)
        {
            while (_bulkFrames is not { } frames || !hasCome(frames))
            {
                TimeSpan left = until - DateTime.UtcNow;
                if (left <= TimeSpan.Zero || !_isWanted)
                {
                    return false;
                }
                _ = Monitor.Wait(_gate, left);
            }
            return true;
        }
    }
}
