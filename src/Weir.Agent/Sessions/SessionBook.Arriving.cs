using System.Text.Json;
using Weir.Agent.Devices;
using Weir.Agent.Leases;
using Weir.Agent.Workers;
using Weir.Remote.Control;
using Weir.Remote.Workers;

namespace Weir.Agent.Sessions;

/// <content>Sessions that come from another node.</content>
internal sealed partial class SessionBook
{
    /// <summary>A session comes from another node: a worker takes it from an image, and waits for its client.</summary>
    /// <param name="bring">What the other agent says of it.</param>
    /// <param name="lease">Its lease, as it is here.</param>
    /// <param name="worker">The worker.</param>
    /// <param name="slot">Its place in the share's page.</param>
    /// <param name="folder">The image.</param>
    /// <param name="offer">How its client reaches it.</param>
    /// <exception cref="MoveException">The worker has just ended.</exception>
    public ClientSession Arrive(
        BringSession bring,
        LeaseState lease,
        Worker worker,
        int slot,
        string folder,
        out SessionOffer offer
    )
    {
        DeviceState device = node.Device(lease.Grant.Shares[0].Uuid)!;
        var record = new SessionRecord(
            bring.Session,
            lease.Name,
            lease.Epoch,
            device.Uuid,
            0,
            slot,
            Guid.NewGuid(),
            worker.Name,
            worker.Kind,
            worker.ProcessId,
            worker.ProcessStart,
            worker.User,
            bring.Client,
            Line(bring.Program),
            Line(bring.Host),
            bring.StartedMs,
            IsRemote: true,
            IsArriving: true
        );
        var session = new ClientSession
        {
            Record = record,
            Lease = lease,
            Device = device,
            Worker = worker,
            Channel = lease.Holders.FirstOrDefault(),
        };
        WholeFile.Write(
            FileOf(record.Session),
            JsonSerializer.SerializeToUtf8Bytes(record, SessionJson.Default.SessionRecord)
        );
        worker.Session = session;
        _sessions.Add(record.Session, session);
        _ = lease.Sessions.Add(session);
        string secret = Secret();
        ImageFolders.Prepare(folder, worker.User);
        var terms = new RemoteTerms(
            record.Session,
            secret,
            RemoteGraceSeconds,
            bring.Client,
            record.ClientProgram,
            folder
        );
        if (
            !Instruct(session, worker, slot)
            || !WorkerFarm.Tell(
                worker,
                WorkerMessage.Expect,
                JsonSerializer.SerializeToUtf8Bytes(terms, Remote.RemoteJson.Default.RemoteTerms)
            )
        )
        {
            throw new MoveException("the worker has just ended; try again");
        }
        offer = new SessionOffer(record.Session, record.Routing, worker.Fingerprint, secret, RemoteGraceSeconds);
        return session;
    }
}
