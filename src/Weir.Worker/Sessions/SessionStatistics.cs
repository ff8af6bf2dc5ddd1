using Weir.Api;

namespace Weir.Worker.Sessions;

/// <summary>What a session did, counted where it is dispatched.</summary>
internal sealed class SessionStatistics
{
    private const int MaxErrors = 20;
    private readonly List<string> _errors = [];
    private long _posts;
    private long _calls;
    private long _launches;
    private long _toDevice;
    private long _toHost;
    private long _onDevice;

    /// <summary>Records carried out.</summary>
    public long Posts => _posts;

    /// <inheritdoc cref="Posts"/>
    public long Calls => _calls;

    /// <summary>Kernels launched.</summary>
    public long Launches => _launches;

    /// <summary>Bytes copied by direction.</summary>
    public long BytesToDevice => _toDevice;

    /// <inheritdoc cref="BytesToDevice"/>
    public long BytesToHost => _toHost;

    /// <inheritdoc cref="BytesToDevice"/>
    public long BytesOnDevice => _onDevice;

    /// <summary>The first errors, as "call: error".</summary>
    public IReadOnlyList<string> Errors
    {
        get
        {
            lock (_errors)
            {
                return [.. _errors];
            }
        }
    }

    // Executors of the same session may count at the same time only while one of them waits for the device; a lost
    // count there is of no consequence, an interlocked add in every post would be.

    /// <summary>A record has been carried out.</summary>
    public void Count(bool isCall)
    {
        if (isCall)
        {
            _calls++;
        }
        else
        {
            _posts++;
        }
    }

    /// <summary>A kernel has been launched.</summary>
    public void CountLaunch() => _launches++;

    /// <summary>Bytes have been copied.</summary>
    public void CountToDevice(ulong bytes) => _toDevice += (long)bytes;

    /// <inheritdoc cref="CountToDevice"/>
    public void CountToHost(ulong bytes) => _toHost += (long)bytes;

    /// <inheritdoc cref="CountToDevice"/>
    public void CountOnDevice(ulong bytes) => _onDevice += (long)bytes;

    /// <summary>A call failed; "not ready" is no failure.</summary>
    public void Failed(ushort op, CuResult error)
    {
        if (error == CuResult.NotReady)
        {
            return;
        }
        lock (_errors)
        {
            if (_errors.Count < MaxErrors)
            {
                _errors.Add($"{CallTable.Name(op)}: {error}");
            }
        }
    }
}
