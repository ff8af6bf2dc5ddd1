using System.Runtime.InteropServices;
using Weir.Api;

namespace Weir.Worker;

/// <summary>Something to do when a stream has done all that was put on it so far; runs on a thread of the device.</summary>
internal sealed unsafe class StreamNote
{
    private readonly Action _action;

    private StreamNote(Action action) => _action = action;

    /// <summary>Puts <paramref name="action"/> on the stream; on failure it will not run.</summary>
    public static CuResult AfterWork(IDriver driver, nint stream, Action action)
    {
        var handle = GCHandle.Alloc(new StreamNote(action));
        CuResult result = driver.LaunchHostFunc(
            stream,
            (nint)(delegate* unmanaged<void*, void>)&Run,
            (void*)GCHandle.ToIntPtr(handle)
        );
        if (result != CuResult.Success)
        {
            handle.Free();
        }
        return result;
    }

    [UnmanagedCallersOnly]
    private static void Run(void* note)
    {
        GCHandle handle = GCHandle.FromIntPtr((nint)note);
        var target = (StreamNote)handle.Target!;
        handle.Free();
        target._action();
    }
}
