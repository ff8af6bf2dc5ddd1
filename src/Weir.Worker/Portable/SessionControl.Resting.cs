using System.Diagnostics;
using Weir.Api;
using Weir.Remote.Workers;

namespace Weir.Worker.Portable;

/// <content>Bringing the session to rest: no call under way, no work on the device, and, where its client is on another node, nothing on its way.</content>
internal sealed partial class SessionControl
{
    // Nothing more is taken from the client, and all that was is done. On false it has been said why, and the session goes on.
    // A client on another node stops sending, so that nothing is on its way.
    private bool TryRest(StateOrder order, out IPortableDevice? device)
    {
        device = session.Portable;
        string? reason = Obstacle(order);
        if (reason is null && session.Remote is not null)
        {
            _ = TryPause(out reason);
        }
        if (reason is null && !TryHalt())
        {
            reason = $"a call has not come to its end within {s_patience.TotalSeconds:0} s";
            session.Remote?.GoOn();
        }
        else if (reason is null)
        {
            reason = Drain(device!);
            if (reason is not null)
            {
                GoOn();
            }
            else
            {
                session.Remote?.Rest();
            }
        }
        if (reason is not null)
        {
            Refuse(reason);
        }
        return reason is null;
    }

    private string? Obstacle(StateOrder order) =>
        order.Folder is null ? "no folder was named"
        : session.Portable is null ? "its device is a real one, whose state cannot leave it yet"
        : session.Remote is { CanMove: false }
            ? "its client's relay is of an older release, or its program has devices on several nodes"
        : order.LeavesNode && session.OpenCl.IsOpen
            ? "its program uses OpenCL, whose state does not go to other nodes yet"
        : order.LeavesNode && session.Remote is null && session.Journal.Entries().Any(SharesHostMemory)
            ? "its program has memory that it and the device use together (managed or mapped), which cannot be on two nodes"
        : session.Journal.Never is { Count: > 0 } never
            ? $"it has state that cannot be carried, from {string.Join(", ", never.Select(CallTable.Name))}"
        : !memory.TryAwait(s_patience)
            ? $"its memory has not come back from its last image within {s_patience.TotalSeconds:0} s"
        : null;

    // A command whose data the client is moving goes on until it has moved.
    private bool TryHalt()
    {
        long start = Stopwatch.GetTimestamp();
        while (loop.TryHalt(s_patience))
        {
            if (!session.OpenCl.IsOpen || session.OpenCl.Turns.IsEmpty)
            {
                return true;
            }
            loop.GoOn();
            if (Stopwatch.GetElapsedTime(start) > s_patience)
            {
                return false;
            }
            Thread.Sleep(1);
        }
        return false;
    }

    private static bool SharesHostMemory(JournalEntry entry)
    {
        const ulong Mapped = 2;
        const ulong Managed = 0x100;
        const int FlagsAt = 2 * sizeof(ulong);
        return (Op)entry.Op == Op.UseHost && (BitConverter.ToUInt64(entry.Fields, FlagsAt) & (Mapped | Managed)) != 0;
    }

    // The client's relay stops; what it sent before is carried out and answered. On false it goes on.
    private bool TryPause(out string? reason)
    {
        Remote.RemoteClient client = session.Remote!;
        client.Pause();
        reason =
            Await(() => client.IsPaused) ? null
            : session.HasEnded ? "its client has gone"
            : $"its client has not stopped within {s_patience.TotalSeconds:0} s";
        if (reason is not null)
        {
            client.GoOn();
        }
        return reason is null;
    }

    private bool Await(Func<bool> condition)
    {
        long start = Stopwatch.GetTimestamp();
        var wait = new SpinWait();
        while (!condition())
        {
            if (session.HasEnded || Stopwatch.GetElapsedTime(start) > s_patience)
            {
                return false;
            }
            wait.SpinOnce();
        }
        return true;
    }

    private string? Drain(IPortableDevice device)
    {
        long start = Stopwatch.GetTimestamp();
        var wait = new SpinWait();
        while (!device.IsIdle || session.Callbacks.HasPending || session.Remote is { HasSentAll: false })
        {
            if (session.HasEnded)
            {
                return "its client has gone";
            }
            if (Stopwatch.GetElapsedTime(start) > s_patience)
            {
                return session.Callbacks.HasPending
                    ? $"the program has not run its host functions within {s_patience.TotalSeconds:0} s"
                    : $"work on the device has not come to its end within {s_patience.TotalSeconds:0} s";
            }
            wait.SpinOnce();
        }
        return OpenClState.Drain(session, s_patience);
    }
}
