using System.Text.Json;
using Weir.Agent.Devices;
using Weir.Agent.Leases;
using Weir.Agent.Workers;
using Weir.Protocol.Agents;
using Weir.Wire;

namespace Weir.Agent.Sessions;

/// <content>Sessions of an agent before this one.</content>
internal sealed partial class SessionBook
{
    /// <summary>Finds the sessions of an agent before this one.</summary>
    public void Load()
    {
        foreach (string file in Directory.EnumerateFiles(node.Folders.Sessions, "*.json"))
        {
            SessionRecord? record = null;
            try
            {
                record = JsonSerializer.Deserialize(File.ReadAllBytes(file), SessionJson.Default.SessionRecord);
            }
            catch (JsonException failure)
            {
                Log.Error($"{file} is no session: {failure.Message}");
            }
            if (record is null || !TryAdopt(record))
            {
                File.Delete(file);
            }
        }
        CleanUp();
    }

    private bool TryAdopt(SessionRecord record)
    {
        LeaseState? lease = node.Leases.Find(record.Lease);
        DeviceState? device = node.Device(record.Device);
        if (node.Farm.Adopt(record) is not { } worker)
        {
            // It ended while nobody looked: what it used is told, and when that was, as well as it is known.
            if (lease is not null && record.Share < lease.Pages.Count)
            {
                TellLost(record, lease.Pages[record.Share].Read(record.Slot));
                lease.Pages[record.Share].Clear(record.Slot);
            }
            node.Start.CleanUp(record.Worker, record.User);
            RemoveImage(record.Session);
            return false;
        }
        if (lease is null || device is null || lease.Epoch != record.Epoch || record.Share >= lease.Pages.Count)
        {
            WorkerFarm.Kill(worker);
            return false;
        }
        var session = new ClientSession
        {
            Record = record,
            Lease = lease,
            Device = device,
            Worker = worker,
            IsOpen = !record.IsArriving,
            Image = record.Image,
            Condition = record.IsParked ? SessionCondition.Parked : SessionCondition.Attached,
        };
        worker.Session = session;
        worker.IsAttached = session.IsOpen;
        SessionMover.Opened(session);
        _sessions.Add(record.Session, session);
        _ = lease.Sessions.Add(session);
        if (record.IsLeaving)
        {
            node.Mover.AwaitOutcome(session);
        }
        Log.Info($"session {record.Session} (client {record.ClientProcess}) goes on");
        return true;
    }

    private void TellLost(SessionRecord record, LeaseSlot slot) =>
        node.Tell(
            new AgentMessage
            {
                Session = new SessionReport
                {
                    Session = record.Session,
                    Lease = record.Lease,
                    Epoch = record.Epoch,
                    State = Protocol.Agents.SessionState.SessionEnded,
                    ClientProcess = (uint)Math.Max(0, record.ClientProcess),
                    ClientProgram = record.ClientProgram,
                    ClientHost = record.ClientHost,
                    Devices = { record.Device },
                    StartedMs = record.StartedMs,
                    EndedMs = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds(),
                    Reason = "ended while the agent was away",
                    Usage = { ClientSession.Report(record, record.Device, slot) },
                },
            }
        );

    // What workers left behind that ended with the agent before this one.
    private void CleanUp()
    {
        HashSet<string> alive = [.. node.Farm.All.Select(worker => worker.Name)];
        IEnumerable<string> left = Directory
            .EnumerateFiles(node.Folders.Workers, "*.sock")
            .Select(path => Path.GetFileNameWithoutExtension(path))
            .Concat(Directory.EnumerateDirectories(node.Folders.Output).Select(path => Path.GetFileName(path)))
            .Where(name => !alive.Contains(name))
            .ToArray();
        foreach (string name in left)
        {
            node.Start.CleanUp(name, null);
        }
    }
}
