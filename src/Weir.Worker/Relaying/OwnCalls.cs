using Weir.Wire;

namespace Weir.Worker.Relaying;

/// <summary>Calls that the relay makes itself, one at a time, as if from a ring that no thread of the client has.</summary>
internal sealed class OwnCalls
{
    /// <summary>The last ring: a client has it only when it uses a thousand threads at once.</summary>
    internal const uint Slot = SegmentLayout.SlotCount - 1;

    private static readonly TimeSpan s_slice = TimeSpan.FromMilliseconds(1);

    private readonly object _gate = new();
    private bool _isWaiting;
    private bool _hasEnded;
    private int _result;

    /// <summary>Done again and again during a wait: what the worker needs to come to an end of what it was asked.</summary>
    public Action Meanwhile { get; set; } = () => { };

    /// <summary>A call is about to be sent.</summary>
    public void Begin()
    {
        lock (_gate)
        {
            _isWaiting = true;
        }
    }

    /// <summary>Waits for its answer: the CUresult.</summary>
    public int Wait()
    {
        lock (_gate)
        {
            while (_isWaiting && !_hasEnded)
            {
                if (!Monitor.Wait(_gate, s_slice))
                {
                    Meanwhile();
                }
            }
            return _result;
        }
    }

    /// <summary>Is this reply for the relay? Then it is taken.</summary>
    public bool TryTake(uint slot, int result)
    {
        if (slot != Slot)
        {
            return false;
        }
        lock (_gate)
        {
            if (!_isWaiting)
            {
                return false;
            }
            _isWaiting = false;
            _result = result;
            Monitor.PulseAll(_gate);
            return true;
        }
    }

    /// <summary>No answer will come.</summary>
    public void End()
    {
        lock (_gate)
        {
            _hasEnded = true;
            Monitor.PulseAll(_gate);
        }
    }
}
