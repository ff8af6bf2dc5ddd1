using Weir.Api;
using Weir.Wire;

namespace Weir.Worker.Sessions;

/// <summary>
/// Errors of posted calls, per context, until a call that reports them takes the first one. As the real API allows for
/// asynchronous work.
/// </summary>
internal sealed unsafe class LatchedErrors(ControlPage* control)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<ulong, CuResult> _byContext = [];
    private volatile bool _any;

    /// <summary>Notes an error of a post; the first of a context is kept.</summary>
    public void Latch(ulong context, CuResult error)
    {
        lock (_gate)
        {
            _ = _byContext.TryAdd(context, error);
            Show();
        }
    }

    /// <summary>
    /// Takes the error of <paramref name="context"/>, else one of posts made with no context, else
    /// <see cref="CuResult.Success"/>.
    /// </summary>
    public CuResult Take(ulong context)
    {
        if (!_any)
        {
            return CuResult.Success;
        }
        lock (_gate)
        {
            if (!_byContext.Remove(context, out CuResult error))
            {
                _ = _byContext.Remove(0, out error);
            }
            Show();
            return error;
        }
    }

    /// <summary>All that wait, by context.</summary>
    public IReadOnlyList<KeyValuePair<ulong, CuResult>> All()
    {
        lock (_gate)
        {
            return [.. _byContext];
        }
    }

    /// <summary>Forgets the error of a context that is destroyed.</summary>
    public void Forget(ulong context)
    {
        lock (_gate)
        {
            _ = _byContext.Remove(context);
            Show();
        }
    }

    private void Show()
    {
        _any = _byContext.Count > 0;
        Volatile.Write(ref control->LatchedErrors, (uint)_byContext.Count);
    }
}
