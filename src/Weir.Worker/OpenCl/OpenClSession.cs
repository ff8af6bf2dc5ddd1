using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Weir.Api;
using Weir.Devices.OpenCl;
using Weir.Worker.Logging;
using Weir.Worker.Sessions;

namespace Weir.Worker.OpenCl;

/// <summary>
/// What a session has of OpenCL: opened by its first question, on the machine's own loader. Keeps beside the driver's objects what
/// the driver does not tell, or not fast.
/// </summary>
internal sealed unsafe class OpenClSession(Session session)
{
    private readonly Lock _opening = new();
    private readonly ConcurrentQueue<nint> _done = new();
    private volatile bool _isOpen;

    /// <summary>The machine's loader; null where there is none.</summary>
    public OpenClLibrary? Library { get; private set; }

    /// <summary>The devices that the client sees, by its numbers.</summary>
    public IReadOnlyList<OpenClDevice> Devices { get; private set; } = [];

    /// <summary>Their platforms.</summary>
    public IReadOnlyList<nint> Platforms { get; private set; } = [];

    /// <summary>The session has made use of it.</summary>
    public bool IsOpen => _isOpen;

    /// <summary>Contexts, by the client's handle.</summary>
    public ConcurrentDictionary<ulong, ContextNote> Contexts { get; } = [];

    /// <summary>Queues, by the driver's own.</summary>
    public ConcurrentDictionary<nint, QueueNote> Queues { get; } = [];

    /// <summary>Memory objects, by the driver's own.</summary>
    public ConcurrentDictionary<nint, MemoryNote> Memory { get; } = [];

    /// <summary>Memory objects of the session that hold bytes of the quota.</summary>
    public MemoryQuota Quota { get; } = new(session.Slice);

    /// <summary>Shared virtual memory that was handed out: bytes by address.</summary>
    public ConcurrentDictionary<ulong, ulong> Shared { get; } = [];

    /// <summary>Of commands that took several of the driver's: the first one's event, by the client's handle.</summary>
    public ConcurrentDictionary<ulong, nint> Beginnings { get; } = [];

    /// <summary>What the client is to be told of events, by its own number for it.</summary>
    public ConcurrentDictionary<ulong, Telling> Tellings { get; } = [];

    /// <summary>Times of events of another device than this one, on which the session was before.</summary>
    public ConcurrentDictionary<ulong, ulong[]> Times { get; } = [];

    /// <summary>Commands that the client carries out and has not yet.</summary>
    public ConcurrentDictionary<ulong, ulong> Turns { get; } = [];

    /// <summary>Has the client told when an event has come so far, or has failed.</summary>
    public ClResult Tell(nint native, ulong node, Telling telling)
    {
        Tellings[node] = telling;
        void Report(int status)
        {
            // Once, also when the session has gone on elsewhere meanwhile.
            if (Tellings.TryRemove(node, out _))
            {
                session.Callbacks.Post(
                    new Weir.Wire.CallbackEntry
                    {
                        Function = node,
                        Status = status,
                        Kind = Weir.Wire.CallbackEntry.OpenCl,
                    }
                );
            }
        }
        ClResult result = WhenReached(native, telling.Status, Report);
        if (result != ClResult.Success)
        {
            Report((int)result);
        }
        return result;
    }

    /// <summary>Opens the loader and finds out which devices there are; false where there is none.</summary>
    public bool TryOpen()
    {
        if (_isOpen)
        {
            return Library is not null;
        }
        lock (_opening)
        {
            if (!_isOpen)
            {
                Library = OpenClLibrary.TryOpen(out string reason);
                if (Library is not null)
                {
                    DeviceList list = DeviceList.Read(Library, out reason);
                    Devices = list.Devices;
                    Platforms = list.Platforms;
                }
                if (Devices.Count == 0)
                {
                    Log.Error($"no OpenCL device: {reason}");
                    Library = null;
                }
                _isOpen = true;
            }
            return Library is not null;
        }
    }

    /// <summary>An event of the driver that has done its service. Drivers' threads say so, which may not call the driver.</summary>
    public void Discard(nint native) => _done.Enqueue(native);

    /// <summary>Gives back what was discarded.</summary>
    public void Sweep()
    {
        while (!_done.IsEmpty && _done.TryDequeue(out nint native))
        {
            _ = Library!.ReleaseEvent(native);
        }
    }

    /// <summary>Calls <paramref name="action"/> when an event has come so far, or has failed, with its status. On any thread.</summary>
    public ClResult WhenReached(nint native, int status, Action<int> action)
    {
        var handle = GCHandle.Alloc(action);
        ClResult result = Library!.SetEventCallback(
            native,
            status,
            (nint)(delegate* unmanaged<nint, int, void*, void>)&Reached,
            (void*)GCHandle.ToIntPtr(handle)
        );
        if (result != ClResult.Success)
        {
            handle.Free();
        }
        return result;
    }

    [UnmanagedCallersOnly]
    private static void Reached(nint native, int status, void* data)
    {
        var handle = GCHandle.FromIntPtr((nint)data);
        var action = (Action<int>)handle.Target!;
        handle.Free();
        action(status);
    }

    /// <summary>The client's callback queue gets node when the driver has given a memory object up.</summary>
    public void WhenDestroyed(nint native, ulong node)
    {
        Action<int> tell = status =>
            session.Callbacks.Post(
                new Weir.Wire.CallbackEntry
                {
                    Function = node,
                    Status = status,
                    Kind = Weir.Wire.CallbackEntry.OpenCl,
                }
            );
        var handle = GCHandle.Alloc(tell);
        ClResult result = Library!.SetMemObjectDestructorCallback(
            native,
            (nint)(delegate* unmanaged<nint, void*, void>)&Destroyed,
            (void*)GCHandle.ToIntPtr(handle)
        );
        if (result != ClResult.Success)
        {
            // Nobody will say when: the place stays taken.
            handle.Free();
        }
    }

    [UnmanagedCallersOnly]
    private static void Destroyed(nint native, void* data)
    {
        var handle = GCHandle.FromIntPtr((nint)data);
        var action = (Action<int>)handle.Target!;
        handle.Free();
        action(0);
    }

    /// <summary>How far an event has come: 0 = complete, negative = failed.</summary>
    public int StatusOf(nint native)
    {
        const uint ExecutionStatus = 0x11D3;
        int status;
        return Library!.GetEventInfo(native, ExecutionStatus, sizeof(int), &status, null) == ClResult.Success
            ? status
            : (int)ClResult.InvalidEvent;
    }

    /// <summary>An event that has failed with <paramref name="error"/>.</summary>
    public nint FailedEvent(nint context, ClResult error)
    {
        int code;
        nint made = Library!.CreateUserEvent(context, &code);
        if (made != 0)
        {
            _ = Library.SetUserEventStatus(made, (int)error < 0 ? (int)error : (int)ClResult.OutOfResources);
        }
        return made;
    }

    /// <summary>The queue for what is done at once in a context; null when the driver has none left.</summary>
    public nint TransferQueue(ContextNote context)
    {
        lock (context)
        {
            if (context.TransferQueue == 0)
            {
                int code;
                context.TransferQueue = Library!.CreateCommandQueue(context.Native, context.Devices[0], 0, &code);
            }
            return context.TransferQueue;
        }
    }
}
