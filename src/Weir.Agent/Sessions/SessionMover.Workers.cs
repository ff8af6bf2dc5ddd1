using System.Text.Json;
using Weir.Agent.Workers;
using Weir.Remote;
using Weir.Remote.Workers;
using Weir.Wire;

namespace Weir.Agent.Sessions;

/// <content>Sessions that go to another worker of the node.</content>
internal sealed partial class SessionMover
{
    // A worker may have to be waited for, which neither the watcher nor the controller's stream must.
    private void RestoreLater(ClientSession session, string? loss) =>
        _ = Task.Run(() =>
        {
            lock (node.Gate)
            {
                Restore(session, loss);
            }
        });

    private void Restore(ClientSession session, string? loss)
    {
        if (session.Errand is not { } errand)
        {
            return;
        }
        Worker? target = node.Farm.Take(session.Device, s_workerPatience);
        if (target is null || session.Errand != errand)
        {
            TargetFailed(session, "no worker is ready to take it");
            return;
        }
        int slot = SessionBook.Reserve(session);
        if (slot < 0)
        {
            TargetFailed(session, "the lease has no place for one more worker");
            return;
        }
        (errand.Target, errand.Slot) = (target, slot);
        target.IsSpent = true;
        errand.Before = session.Page.Read(session.Record.Slot);
        session.Page.Clear(session.Record.Slot);
        try
        {
            ImageFolders.Prepare(errand.Folder, target.User);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            TargetFailed(session, $"its image cannot be given to the new worker: {failure.Message}");
            return;
        }
        if (
            !node.Sessions.Instruct(session, target, slot)
            || !SendEnds(session, target, new StateOrder(errand.Folder, Loss: loss))
        )
        {
            TargetFailed(session, "the new worker has just ended");
        }
        node.Farm.RefillLater(session.Device);
    }

    private static unsafe bool SendEnds(ClientSession session, Worker target, StateOrder order)
    {
        byte[] message =
        [
            WorkerMessage.Restore,
            .. JsonSerializer.SerializeToUtf8Bytes(order, RemoteJson.Default.StateOrder),
        ];
        int* descriptors = stackalloc int[3] { session.Client, session.Segment, session.HostMemory };
        fixed (byte* data = message)
        {
            return target.Control >= 0
                && DescriptorSocket.TrySend(target.Control, data, (nuint)message.Length, descriptors, 3);
        }
    }

    private void TakenOver(ClientSession session, Worker target, StateReport report)
    {
        SessionErrand errand = session.Errand!;
        Worker old = session.Worker;
        if (session.Condition != SessionCondition.Lost)
        {
            // What it counted was read when it had come to rest. Its end is not the session's any more.
            session.Carry(errand.Before);
            (old.Session, old.IsSpent, old.IsAttached) = (null, true, false);
            session.Page.Clear(session.Record.Slot);
            _ = WorkerFarm.Tell(old, WorkerMessage.Leave, []);
        }
        node.Sessions.Moved(session, target, errand.Slot);
        session.Deadline?.Dispose();
        session.Deadline = null;
        Become(session, SessionCondition.Attached);
        Done(session, report);
    }

    // Roll-back: the old worker still has everything, parked, and goes on from there.
    private void TargetFailed(ClientSession session, string reason)
    {
        if (session.Errand?.Target is { } target)
        {
            session.Errand.Target = null;
            session.Page.Write(session.Record.Slot, session.Errand.Before);
            WorkerFarm.Kill(target);
        }
        if (session.Condition != SessionCondition.Lost)
        {
            Resume(session);
        }
        Fail(session, reason);
    }
}
