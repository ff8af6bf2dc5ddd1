using Weir.Worker.Logging;

namespace Weir.Worker.Portable;

/// <summary>
/// Memory that is still being read from an image while its session works already. Until it has come, no further image of the session is
/// begun: nothing may take the place of what is still read.
/// </summary>
internal sealed class ComingMemory
{
    private readonly ManualResetEventSlim _come = new(initialState: true);

    /// <summary>Reading begins; the answer is told when it has ended, with what went wrong or null.</summary>
    public Action<Exception?> Begin()
    {
        _come.Reset();
        return failure =>
        {
            if (failure is not null)
            {
                Log.Error($"memory of the session did not come back: {failure.Message}");
            }
            _come.Set();
        };
    }

    /// <summary>Waits until all has come; false when it has not in that time.</summary>
    public bool TryAwait(TimeSpan limit) => _come.Wait(limit);
}
