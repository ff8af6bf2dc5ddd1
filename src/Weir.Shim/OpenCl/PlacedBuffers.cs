using System.Runtime.InteropServices;
using Weir.Api;
using Weir.Shim.Guest;

namespace Weir.Shim;

/// <summary>
/// Buffers that lie in memory which client and worker share, where the device is a processor of this node: the client reads and writes
/// them itself when the queue has come that far, and a map is only a place in the queue.
/// </summary>
internal static unsafe class PlacedBuffers
{
    private const nuint LeastBytes = 64 << 10;
    private const ulong Processor = 2;
    private const int MonotonicClock = 1;

    /// <summary>A place for a buffer; 0 when it is to lie where the driver puts it.</summary>
    internal static ulong Reserve(ClObject* context, nuint bytes)
    {
        if (bytes < LeastBytes || Window.IsHostElsewhere || Callbacks.Start() != CuResult.Success)
        {
            return 0;
        }
        var devices = (nint*)context->More;
        for (nint i = 1; i <= devices[0]; i++)
        {
            if ((((ClDevice*)devices[i])->Type & Processor) == 0)
            {
                return 0;
            }
        }
        return HostMemory.Allocate(bytes, 0);
    }

    /// <summary>Where a buffer, or the one that it is a part of, lies; null when it has no place.</summary>
    internal static byte* Of(ClObject* memory)
    {
        ulong origin = 0;
        if (memory->Parent != null && memory->Type == OpenClCalls.TypeBuffer)
        {
            origin = memory->Origin;
            memory = memory->Parent;
        }
        return memory->IsPlaced != 0 ? memory->Shadow + origin : null;
    }

    /// <summary>The worker is told that the program needs it no more, and tells when nothing else does.</summary>
    internal static void End(ClientThread* thread, ClObject* memory)
    {
        var node = (ClNode*)GuestLibc.Allocate((nuint)sizeof(ClNode));
        var place = memory->Shadow;
        memory->Shadow = null;
        memory->IsPlaced = 0;
        if (node == null)
        {
            // The place stays taken.
            _ = WireCalls.ClReleaseMemory(thread, memory->Handle);
            return;
        }
        *node = new ClNode { Box = ClBox.Linear(0, 0, place) };
        _ = WireCalls.ClReleasePlaced(thread, memory->Handle, (ulong)node);
    }

    /// <summary>On the client's own thread: a place is free again.</summary>
    internal static void Free(ClNode* node)
    {
        _ = HostMemory.Free((ulong)node->Box.Host);
        GuestLibc.Free(node);
    }

    /// <summary>A transfer that the program waits for: its turn is awaited, then the client moves the data.</summary>
    internal static ClResult Move(ClCommand* command, byte* place, in ClBox box, bool isRead)
    {
        var isGiven = command->Event != 0;
        if (!ClCommand.TryMint(command))
        {
            return ClResult.OutOfHostMemory;
        }
        var thread = command->Thread;
        var result = WireCalls.ClSync(
            thread,
            command->Queue->Handle,
            0,
            0,
            command->Event,
            command->WaitCount,
            command->Waits,
            0,
            null
        );
        var awaited = command->Event;
        if (result == ClResult.Success)
        {
            result = WireCalls.ClWait(thread, 1, &awaited);
        }
        var start = Now();
        if (result == ClResult.Success)
        {
            Copy(place, box, isRead);
        }
        if (!isGiven)
        {
            _ = WireCalls.ClReleaseEvent(thread, (nint)awaited);
            command->Event = 0;
        }
        else if (result == ClResult.Success)
        {
            _ = WireCalls.ClTook(thread, (nint)awaited, Now() - start);
        }
        return result;
    }

    /// <summary>Between a buffer's place and the program's memory.</summary>
    internal static void Copy(byte* place, in ClBox box, bool isRead)
    {
        for (var z = 0ul; z < box.Depth; z++)
        {
            for (var y = 0ul; y < box.Height; y++)
            {
                var there = place + box.X + (box.Y + y) * box.RowPitch + (box.Z + z) * box.SlicePitch;
                var here = box.Host + y * box.HostRowPitch + z * box.HostSlicePitch;
                _ = GuestLibc.Copy(isRead ? here : there, isRead ? there : here, (nuint)box.Width);
            }
        }
    }

    private static ulong Now()
    {
        var time = stackalloc long[2];
        return Clock(MonotonicClock, time) == 0 ? (ulong)(time[0] * 1_000_000_000 + time[1]) : 0;
    }

    [DllImport("libc", EntryPoint = "clock_gettime"), SuppressGCTransition]
    private static extern int Clock(int clock, long* time);
}
