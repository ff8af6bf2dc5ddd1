namespace Weir.Agent.Workers;

/// <summary>
/// User ids for workers, each for one at a time, so that not even the system's own rights let one worker look at another.
/// The first of the range is the compile service's.
/// </summary>
internal sealed class WorkerUsers
{
    private readonly (uint First, uint Last) _range;
    private readonly HashSet<uint> _taken = [];
    private uint _next;

    /// <param name="range">See <see cref="Configuration.AgentConfig.WorkerUsers"/>.</param>
    /// <param name="mayChange">The agent is root; otherwise workers run as its own user.</param>
    public WorkerUsers((uint First, uint Last) range, bool mayChange)
    {
        _range = range;
        MayChange = mayChange;
        _next = range.First + 1;
    }

    /// <summary>Workers have users of their own.</summary>
    public bool MayChange { get; }

    /// <summary>The compile service's user.</summary>
    public uint Compiler => _range.First;

    /// <summary>A user that no worker has; null when all are taken or the agent may not change users. Least recently used first.</summary>
    public uint? Take()
    {
        uint count = _range.Last - _range.First;
        for (uint i = 0; MayChange && i < count; i++)
        {
            uint user = _next;
            _next = _next == _range.Last ? _range.First + 1 : _next + 1;
            if (_taken.Add(user))
            {
                return user;
            }
        }
        return MayChange ? throw new InvalidOperationException($"all {count} user ids of workers are taken") : null;
    }

    /// <summary>Marks one that a worker from before a restart has.</summary>
    public void Keep(uint user) => _taken.Add(user);

    /// <summary>Its worker has ended.</summary>
    public void Return(uint user) => _taken.Remove(user);
}
