namespace Weir.Worker.Sessions;

/// <summary>
/// Steps in when a task takes longer than it mostly does. Beginning and ending a task costs a memory write each: a thread looks once a
/// millisecond whether the same task is still under way, and sleeps for good while there is none. (A timer per task would cost more than most
/// tasks: on a virtual machine every setting of it leaves the machine.)
/// </summary>
internal sealed class Deputy
{
    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(1);

    // Looks without any task before the thread sleeps until it is woken.
    private const int LooksBeforeSleep = 20;

    private readonly Func<bool> _stepIn;
    private readonly SemaphoreSlim _wake = new(0);
    private long _begun;
    private long _ended;
    private volatile bool _sleeps;

    /// <param name="stepIn">
    /// Called on the deputy's thread when a task has been under way for one to two milliseconds, perhaps just after its end, and again until it
    /// returns true: somebody else has been found, who will not say when the task ends.
    /// </param>
    public Deputy(Func<bool> stepIn)
    {
        _stepIn = stepIn;
        new Thread(Watch) { IsBackground = true, Name = "weir-deputy" }.Start();
    }

    /// <summary>A task begins; one at a time.</summary>
    public void Begin()
    {
        Volatile.Write(ref _begun, _begun + 1);
        // The thread says that it sleeps and looks once more then.
        Interlocked.MemoryBarrier();
        if (_sleeps)
        {
            _sleeps = false;
            _ = _wake.Release();
        }
    }

    /// <summary>It is over.</summary>
    public void End() => Volatile.Write(ref _ended, _begun);

    private void Watch()
    {
        long seen = 0;
        int quiet = 0;
        while (true)
        {
            Thread.Sleep(s_look);
            long begun = Volatile.Read(ref _begun);
            bool isUnderWay = Volatile.Read(ref _ended) != begun;
            if (isUnderWay && begun == seen && _stepIn())
            {
                Volatile.Write(ref _ended, begun);
            }
            quiet = begun == seen && !isUnderWay ? quiet + 1 : 0;
            seen = begun;
            if (quiet < LooksBeforeSleep)
            {
                continue;
            }
            _sleeps = true;
            Interlocked.MemoryBarrier();
            if (Volatile.Read(ref _begun) == seen)
            {
                _wake.Wait();
            }
            _sleeps = false;
            quiet = 0;
        }
    }
}
