using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Weir.Agent.Channels;
using Weir.Agent.Devices;
using Weir.Agent.Leases;
using Weir.Agent.Workers;
using Weir.Protocol.Agents;
using Weir.Remote.Control;
using Weir.Remote.Workers;
using Weir.Wire;
using SessionAnswer = Weir.Protocol.Agents.SessionAnswer;

namespace Weir.Agent.Sessions;

/// <summary>
/// The node's sessions, in memory and in a file each, so that an agent that is restarted finds the workers again. All
/// methods are called under the node's lock.
/// </summary>
internal sealed partial class SessionBook(Node node)
{
    private const int RemoteGraceSeconds = 30;
    private static readonly TimeSpan s_workerPatience = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan s_roomPatience = TimeSpan.FromSeconds(25);
    private static readonly TimeSpan s_clientPatience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan s_endPatience = TimeSpan.FromSeconds(2);

    private readonly Dictionary<string, ClientSession> _sessions = [];

    /// <summary>All sessions.</summary>
    public IEnumerable<ClientSession> All => _sessions.Values;

    /// <summary>Chooses a worker for a client; waits for one when none is ready, giving up the lock meanwhile.</summary>
    /// <exception cref="IOException">There is none; the message is for the client's user.</exception>
    public SessionOffer Open(HolderChannel channel, OpenSession request)
    {
        LeaseState lease = channel.Lease!;
        int share = request.Device;
        if (share < 0 || share >= lease.Grant.Shares.Count)
        {
            throw new IOException(
                $"lease {lease.Name} has {lease.Grant.Shares.Count} devices on this node, no number {share}"
            );
        }
        DeviceState device = node.Device(lease.Grant.Shares[share].Uuid)!;
        // A lease whose sessions are all parked may have lost its room; the controller is asked, and waits for it if need be.
        long until = Environment.TickCount64 + (long)s_roomPatience.TotalMilliseconds;
        while (!node.Mover.HasRoom(lease) && lease.EndReason is null)
        {
            int left = (int)(until - Environment.TickCount64);
            if (left <= 0)
            {
                throw new IOException(
                    $"lease {lease.Name} gave its slices back while it was idle, and the pool has no room for it now; try again"
                );
            }
            _ = Monitor.Wait(node.Gate, left);
        }
        Worker? worker = node.Farm.Take(device, s_workerPatience);
        if (lease.EndReason is { } reason)
        {
            throw new IOException($"the lease has ended: {reason}");
        }
        if (device.Fault is { } fault)
        {
            throw new IOException($"device {device.Uuid} has a fault: {fault}");
        }
        if (worker is null)
        {
            throw new IOException(
                $"no worker for device {device.Uuid} is ready within {s_workerPatience.TotalSeconds} s; see {node.Folders.Logs}"
            );
        }
        int slot = FreeSlot(lease, share);
        if (slot < 0)
        {
            throw new IOException(
                $"lease {lease.Name} has {LeasePage.Slots} sessions open on this device; no more are possible"
            );
        }
        var record = new SessionRecord(
            $"s-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(6))}",
            lease.Name,
            lease.Epoch,
            device.Uuid,
            share,
            slot,
            Guid.NewGuid(),
            worker.Name,
            worker.Kind,
            worker.ProcessId,
            worker.ProcessStart,
            worker.User,
            request.Pid,
            Line(request.Program),
            channel.Host,
            DateTimeOffset.UtcNow.ToUnixTimeMilliseconds(),
            IsRemote: request.Remote
        );
        var session = new ClientSession
        {
            Record = record,
            Lease = lease,
            Device = device,
            Worker = worker,
            Channel = channel,
        };
        // Before the worker knows: should this agent end now, the next one finds either nothing or all of it.
        try
        {
            WholeFile.Write(
                FileOf(record.Session),
                JsonSerializer.SerializeToUtf8Bytes(record, SessionJson.Default.SessionRecord)
            );
        }
        catch (IOException)
        {
            // Taken, and nobody's: the next one is made ready instead.
            WorkerFarm.Kill(worker);
            node.Farm.RefillLater(device);
            throw;
        }
        worker.Session = session;
        _sessions.Add(record.Session, session);
        _ = lease.Sessions.Add(session);
        string secret = Secret();
        bool told = Instruct(session, worker, slot);
        if (told && request.Remote)
        {
            var terms = new RemoteTerms(record.Session, secret, RemoteGraceSeconds, request.Pid, record.ClientProgram);
            told = WorkerFarm.Tell(
                worker,
                WorkerMessage.Expect,
                JsonSerializer.SerializeToUtf8Bytes(terms, Remote.RemoteJson.Default.RemoteTerms)
            );
        }
        if (!told)
        {
            // Its end is about to be noticed; the client may ask again.
            throw new IOException("the worker has just ended; try again");
        }
        session.Deadline = Later(session, s_clientPatience, () => End(session, "its client did not come"));
        node.Farm.RefillLater(device);
        return new SessionOffer(record.Session, record.Routing, worker.Fingerprint, secret, RemoteGraceSeconds);
    }

    private static string Secret() =>
        Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)).TrimEnd('=').Replace('+', '-').Replace('/', '_');

    /// <summary>Tells a worker what the session's device is; false when it does not listen any more.</summary>
    public bool Instruct(ClientSession session, Worker worker, int slot)
    {
        Share granted = session.Lease.Grant.Shares[session.Record.Share];
        DeviceState device = session.Device;
        session.Page.Clear(slot);
        node.Start.Allow(worker, granted.MemoryBytes);
        device.Page ??= new DevicePageFile(Path.Combine(node.Folders.Run, device.Uuid + ".page"));
        return WorkerFarm.Tell(worker, WorkerMessage.Share, [], device.Page.Descriptor)
            && WorkerFarm.Tell(
                worker,
                WorkerMessage.Prepare,
                WorkerFarm.Words([
                    .. device.Options(granted.MemoryBytes),
                    "--slot",
                    $"{slot}",
                    "--share",
                    $"{granted.Compute}",
                    "--account",
                    session.Lease.Name,
                ]),
                session.Page.Descriptor
            );
    }

    /// <summary>A place in the share's page for the worker that shall take the session over; -1: there is none.</summary>
    public static int Reserve(ClientSession session) => FreeSlot(session.Lease, session.Record.Share);

    /// <summary>Another worker has the session now.</summary>
    public void Moved(ClientSession session, Worker worker, int slot)
    {
        session.Worker = worker;
        worker.Session = session;
        worker.IsAttached = true;
        session.Record = session.Record with
        {
            Slot = slot,
            Worker = worker.Name,
            WorkerKind = worker.Kind,
            Process = worker.ProcessId,
            ProcessStart = worker.ProcessStart,
            User = worker.User,
        };
        Keep(session);
    }

    /// <summary>Writes down what has changed of a session.</summary>
    public void Keep(ClientSession session)
    {
        session.Record = session.Record with
        {
            Image = session.Image,
            IsParked = session.Condition != SessionCondition.Attached,
        };
        WholeFile.Write(
            FileOf(session.Record.Session),
            JsonSerializer.SerializeToUtf8Bytes(session.Record, SessionJson.Default.SessionRecord)
        );
    }

    /// <summary>The folder of the session's own image, which goes with the session.</summary>
    public string ImageOf(ClientSession session) => Path.Combine(node.Folders.Images, session.Record.Session);

    /// <summary>Gives the client of this machine to its worker; the socket stays the caller's.</summary>
    /// <exception cref="IOException">There is no such session of this channel.</exception>
    public void HandOver(HolderChannel channel, string name, int client)
    {
        if (!_sessions.TryGetValue(name, out ClientSession? session) || session.Channel != channel)
        {
            throw new IOException($"there is no session {name} on this channel");
        }
        if (!WorkerFarm.Tell(session.Worker, WorkerMessage.Serve, [], client))
        {
            throw new IOException("the worker has just ended; try again");
        }
        session.IsHandedOver = true;
        // So that another worker could have it.
        session.Client = Posix.Libc.fcntl(client, Posix.Libc.F_DUPFD_CLOEXEC, 3);
    }

    /// <summary>Those of the names that are no sessions here (any more). Takes the node's lock.</summary>
    public IReadOnlyList<string> NotAmong(IReadOnlyList<string> names)
    {
        lock (node.Gate)
        {
            return [.. names.Where(name => !_sessions.ContainsKey(name))];
        }
    }

    /// <summary>Gives a connection from another node to the worker that its preface names; it stays the caller's.</summary>
    public bool TryConnect(Guid routing, int connection)
    {
        ClientSession? session = _sessions.Values.FirstOrDefault(one => one.Record.Routing == routing);
        return session is not null && WorkerFarm.Tell(session.Worker, WorkerMessage.Connection, [], connection);
    }

    /// <summary>Its worker serves the client.</summary>
    public void Opened(ClientSession session)
    {
        session.IsOpen = true;
        session.Deadline?.Dispose();
        session.Deadline = null;
        if (session.Record.IsArriving)
        {
            session.Record = session.Record with { IsArriving = false };
            session.Image = ImageOf(session);
            Keep(session);
            Monitor.PulseAll(node.Gate);
        }
        SessionMover.Opened(session);
        node.Leases.HoldersChanged(session.Lease);
        node.Tell(new AgentMessage { Session = session.ToMessage() });
        node.Yields.Changed(session);
    }

    /// <summary>
    /// Ends a session: its worker is told, so that its client gets an error at once, and is ended for good when it does not
    /// obey.
    /// </summary>
    public void End(ClientSession session, string reason)
    {
        if (session.EndReason is not null)
        {
            return;
        }
        session.EndReason = reason;
        if (session.Condition == SessionCondition.Lost)
        {
            Ended(session, "");
            return;
        }
        // A worker that waits while its session goes elsewhere must not tell the client anything.
        if (
            !session.IsOpen
            || session.Record.IsLeaving
            || session.Errand?.Departure is not null
            || !WorkerFarm.Tell(session.Worker, WorkerMessage.End, Encoding.UTF8.GetBytes(reason))
        )
        {
            WorkerFarm.Kill(session.Worker);
            return;
        }
        session.Deadline = Later(session, s_endPatience, () => WorkerFarm.Kill(session.Worker));
    }

    /// <summary>The worker has ended, and how ("": its client closed the session).</summary>
    public void Ended(ClientSession session, string how)
    {
        session.HasEnded = true;
        session.Deadline?.Dispose();
        string reason =
            session.EndReason
            ?? (
                how.Length == 0 ? "client ended"
                : node.Start.Groups.RanOutOfMemory(session.Worker.Name)
                    ? "worker crashed: it used more host memory than a worker may"
                : how
            );
        SessionReport report = session.ToMessage();
        SessionUsage usage = session.Usage();
        session.Device.EndedBusyNanoseconds += usage.BusyNs;
        usage.MemoryBytes = 0;
        report.Usage.Add(usage);
        report.State = Protocol.Agents.SessionState.SessionEnded;
        report.EndedMs = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        report.Reason = reason;
        session.Page.Clear(session.Record.Slot);
        session.CloseEnds();
        if (session.Errand is { Request: not 0 } errand)
        {
            node.Tell(
                new AgentMessage
                {
                    SessionAnswer = new SessionAnswer { Request = errand.Request, Refusal = "the session has ended" },
                }
            );
        }
        RemoveImage(session.Record.Session);
        _ = _sessions.Remove(session.Record.Session);
        _ = session.Lease.Sessions.Remove(session);
        File.Delete(FileOf(session.Record.Session));
        // After a restart of the agent nobody knows which channel asked for it; the others do not mind.
        var end = new SessionEnded(
            session.Record.Session,
            how.Length == 0 && session.EndReason is null ? null : reason
        );
        foreach (HolderChannel holder in session.Lease.Holders)
        {
            holder.Tell(end);
        }
        if (!session.Record.IsArriving)
        {
            node.Tell(new AgentMessage { Session = report });
        }
        foreach (SessionCommand early in session.Early)
        {
            SessionMover.Refuse(node, early, "the session has ended");
        }
        node.Leases.HoldersChanged(session.Lease);
        node.Yields.Look(session.Lease);
        Monitor.PulseAll(node.Gate);
    }

    /// <summary>A channel has closed: its sessions that have no client yet are given up, the others go on without it.</summary>
    public void Orphan(HolderChannel channel)
    {
        foreach (ClientSession session in _sessions.Values.Where(one => one.Channel == channel).ToArray())
        {
            session.Channel = null;
            if (session.Record.IsArriving)
            {
                continue;
            }
            if (!session.IsOpen && !session.IsHandedOver)
            {
                End(session, "its holder has gone");
            }
        }
    }

    /// <summary>A place in a share's page; -1: there is none.</summary>
    public static int FreeSlot(LeaseState lease, int share)
    {
        HashSet<int> taken = [.. lease.Sessions.Where(one => one.Record.Share == share).Select(one => one.Record.Slot)];
        return Enumerable.Range(0, LeasePage.Slots).FirstOrDefault(slot => !taken.Contains(slot), -1);
    }

    /// <summary>Does something after a time, if the session is still there.</summary>
    public Timer Later(ClientSession session, TimeSpan after, Action action) =>
        new(
            _ =>
            {
                lock (node.Gate)
                {
                    if (_sessions.GetValueOrDefault(session.Record.Session) == session)
                    {
                        action();
                    }
                }
            },
            null,
            after,
            Timeout.InfiniteTimeSpan
        );

    private void RemoveImage(string session)
    {
        string folder = Path.Combine(node.Folders.Images, session);
        try
        {
            if (Directory.Exists(folder))
            {
                Directory.Delete(folder, recursive: true);
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            Log.Error($"the image of ended session {session} stays behind: {failure.Message}");
        }
    }

    private string FileOf(string session) => Path.Combine(node.Folders.Sessions, session + ".json");

    private static string Line(string text) => (text.Length > 500 ? text[..500] : text).ReplaceLineEndings(" ");
}
