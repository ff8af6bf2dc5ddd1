using System.Runtime.InteropServices;
using Weir.Devices.Software.Execution;
using Weir.Devices.Software.KernelServices;

namespace Weir.Devices.Software.Contexts;

/// <summary>
/// Owner of everything a program creates between making and destroying it. A fault in one of its kernels ends its use:
/// every later call reports the same error.
/// </summary>
internal sealed unsafe class DeviceContext
{
    private readonly uint* cancel;
    private readonly List<DeviceStream> streams = [];
    private readonly ThreadLocal<DeviceStream> perThread;
    private readonly Dictionary<int, ulong> limits = [];
    private readonly GCHandle self;
    private DeviceHeap? heap;
    private readonly Lock failing = new();
    private int fault;

    /// <param name="device">Whose context it is.</param>
    /// <param name="flags">Flags it was created with.</param>
    /// <param name="isPrimary">True for the one that is shared by all users of the device.</param>
    public DeviceContext(SoftwareDevice device, uint flags, bool isPrimary)
    {
        Device = device;
        self = GCHandle.Alloc(this);
        Flags = flags;
        IsPrimary = isPrimary;
        cancel = (uint*)NativeMemory.AllocZeroed(sizeof(ulong));
        Legacy = new DeviceStream(this, StreamKind.Legacy, 0);
        perThread = new ThreadLocal<DeviceStream>(() => AddStream(StreamKind.Blocking, 0));
    }

    /// <summary>Flags it was created with.</summary>
    public uint Flags { get; set; }

    /// <summary>True for the one that is shared by all users of the device.</summary>
    public bool IsPrimary { get; }

    /// <summary>Number that is never used again in this process.</summary>
    public ulong Id { get; } = Interlocked.Increment(ref lastId);

    /// <summary>Handle that the program holds.</summary>
    public nint Handle { get; set; }

    /// <summary>True once it has been destroyed.</summary>
    public bool IsDestroyed { get; set; }

    /// <summary>Whose context it is.</summary>
    public SoftwareDevice Device { get; }

    /// <summary>What launches carry to find it again (KernelLaunch.Owner).</summary>
    public nint Mark => GCHandle.ToIntPtr(self);

    /// <summary>The same where a kernel has asked already, else null.</summary>
    public DeviceHeap? HeapInUse => heap;

    /// <summary>The memory that kernels take with malloc.</summary>
    public DeviceHeap Heap
    {
        get
        {
            lock (limits)
            {
                return heap ??= new DeviceHeap(Device, this, Limit(DeviceLimits.Heap));
            }
        }
    }

    /// <summary>The legacy default stream.</summary>
    public DeviceStream Legacy { get; }

    /// <summary>The calling thread's own default stream.</summary>
    public DeviceStream PerThread => perThread.Value!;

    /// <summary>Blocking streams with commands that are not done; guarded by the scheduler.</summary>
    internal List<DeviceStream> BusyBlocking { get; } = [];

    /// <summary>Word that running kernels read to know that they shall stop.</summary>
    public uint* Cancel => cancel;

    /// <summary>Error of the API that ended its use, or 0.</summary>
    public int Fault => Volatile.Read(ref fault);

    /// <summary>Ends its use; the first fault counts.</summary>
    /// <param name="error">Error of the API.</param>
    /// <param name="tell">Called for that one, before anybody can see it: whoever does may look for the reason.</param>
    public void Fail(int error, Action? tell = null)
    {
        lock (failing)
        {
            if (fault == 0)
            {
                tell?.Invoke();
                Volatile.Write(ref fault, error);
            }
        }
        Volatile.Write(ref *cancel, 1);
    }

    /// <summary>A limit, by CUlimit.</summary>
    public ulong Limit(int limit)
    {
        lock (limits)
        {
            return limits.TryGetValue(limit, out ulong set) ? set : DeviceLimits.Default(limit);
        }
    }

    /// <summary>Sets a limit; false for that of a heap which is in use.</summary>
    public bool TrySetLimit(int limit, ulong value)
    {
        lock (limits)
        {
            if (limit == DeviceLimits.Heap && heap is not null && value != Limit(limit))
            {
                return false;
            }
            limits[limit] = value;
            return true;
        }
    }

    /// <summary>Asks running kernels to stop.</summary>
    public void Stop() => Volatile.Write(ref *cancel, 1);

    /// <summary>Makes a stream.</summary>
    public DeviceStream AddStream(StreamKind kind, int priority)
    {
        DeviceStream stream = new(this, kind, priority);
        lock (streams)
        {
            streams.Add(stream);
        }
        return stream;
    }

    /// <summary>Forgets a stream.</summary>
    public void RemoveStream(DeviceStream stream)
    {
        lock (streams)
        {
            streams.Remove(stream);
        }
    }

    /// <summary>All streams, the legacy one last.</summary>
    public DeviceStream[] AllStreams()
    {
        lock (streams)
        {
            return [.. streams, Legacy];
        }
    }

    /// <summary>Gives back what it holds; nothing of it may run any more.</summary>
    public void Free()
    {
        perThread.Dispose();
        NativeMemory.Free(cancel);
        self.Free();
    }

    private static ulong lastId;
}
