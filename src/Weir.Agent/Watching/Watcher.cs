using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Weir.Posix;

namespace Weir.Agent.Watching;

/// <summary>
/// Waits for descriptors on one thread and calls back when one is readable (or its other side has gone). Costs nothing
/// while nothing happens. Callbacks must not wait.
/// </summary>
internal sealed unsafe class Watcher
{
    private const int Add = 1;
    private const int Remove = 2;
    private const int Most = 64;

    private readonly ConcurrentDictionary<long, Action> _callbacks = [];
    private readonly int _poll = Libc.epoll_create1(Libc.O_CLOEXEC);
    private long _last;

    /// <summary>Begins to wait.</summary>
    public void Start() => new Thread(Run) { IsBackground = true, Name = "watcher" }.Start();

    /// <summary>Watches a descriptor until <see cref="Forget"/>; the result names it.</summary>
    public long Watch(int descriptor, Action readable)
    {
        long token = Interlocked.Increment(ref _last);
        _callbacks[token] = readable;
        var entry = new EpollEvent { Events = (uint)Libc.POLLIN, Token = token };
        if (Libc.epoll_ctl(_poll, Add, descriptor, &entry) != 0)
        {
            int error = Libc.Errno;
            _ = _callbacks.TryRemove(token, out _);
            throw new IOException($"a descriptor cannot be watched: errno {error}");
        }
        return token;
    }

    /// <summary>Watches it no more; to be called before it is closed.</summary>
    public void Forget(long token, int descriptor)
    {
        _ = _callbacks.TryRemove(token, out _);
        var entry = default(EpollEvent);
        _ = Libc.epoll_ctl(_poll, Remove, descriptor, &entry);
    }

    private void Run()
    {
        var events = (EpollEvent*)NativeMemory.Alloc(Most, (nuint)sizeof(EpollEvent));
        while (true)
        {
            int count = Libc.epoll_wait(_poll, events, Most, -1);
            for (int i = 0; i < count; i++)
            {
                if (!_callbacks.TryGetValue(events[i].Token, out Action? readable))
                {
                    continue;
                }
                try
                {
                    readable();
                }
                catch (Exception failure)
                {
                    // One worker's oddity is no reason to leave the others alone.
                    Log.Error($"a message was not dealt with: {failure}");
                }
            }
        }
    }
}
