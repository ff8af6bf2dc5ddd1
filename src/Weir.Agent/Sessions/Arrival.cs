using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Weir.Agent.Leases;
using Weir.Agent.Workers;
using Weir.Images;
using Weir.Remote.Control;

namespace Weir.Agent.Sessions;

/// <summary>
/// One session's way to this node: its lease is here already, with the hash of what the other agent has to show. A worker is kept for it from the
/// start, so that a node without room says so before anything is copied. When all has come, that worker takes the session and waits for its client's
/// relay; it has the session when the relay says so, and ends by itself when the relay does without it.
/// </summary>
internal sealed class Arrival(Node node, ControlChannel channel, BringSession bring)
{
    private static readonly TimeSpan s_grantPatience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan s_workerPatience = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan s_restorePatience = TimeSpan.FromMinutes(2);

    // The relay comes when its agent has heard of the offer, and decides when all others have.
    private static readonly TimeSpan s_beginPatience = TimeSpan.FromMinutes(2);

    private LeaseState? _lease;
    private Worker? _worker;
    private ClientSession? _session;
    private int _slot = -1;

    private string Folder => Path.Combine(node.Folders.Images, bring.Session);

    /// <summary>Serves the other agent until it has gone.</summary>
    public void Serve()
    {
        try
        {
            lock (node.Gate)
            {
                Expect();
            }
        }
        catch (Exception failure) when (failure is MoveException or IOException or UnauthorizedAccessException)
        {
            channel.Send(new Refused(0, failure.Message));
            Forget();
            return;
        }
        try
        {
            channel.Send(new SessionExpected());
            Stream stream = channel.Stream!;
            for (int step = stream.ReadByte(); step >= 0; step = stream.ReadByte())
            {
                switch ((byte)step)
                {
                    case ArrivalStep.Image when _session is null:
                        _ = ImageReceiver.Receive(stream, Folder);
                        break;
                    case ArrivalStep.Take when _session is null:
                        Answer(stream, Take());
                        break;
                    case ArrivalStep.Withdraw:
                        Answer(stream, new ArrivalAnswer { HasBegun = !Withdraw() });
                        break;
                    default:
                        throw new IOException("the other node's agent asks for what does not belong here");
                }
            }
        }
        catch (Exception failure)
            when (failure is IOException or UnauthorizedAccessException or ObjectDisposedException)
        {
            Log.Error($"session {bring.Session} did not come whole: {failure.Message}");
        }
        Forget();
    }

    // Under the lock, which is given up while a grant or a worker is waited for.
    private void Expect()
    {
        if (bring.Version != ControlChannel.Version)
        {
            throw new MoveException(
                $"this node speaks version {ControlChannel.Version} of the control channel, not {bring.Version}"
            );
        }
        if (bring.Session.Length is 0 or > 64 || !bring.Session.All(c => char.IsAsciiLetterOrDigit(c) || c == '-'))
        {
            throw new MoveException("the session's name is none");
        }
        long until = Environment.TickCount64 + (long)s_grantPatience.TotalMilliseconds;
        LeaseState? lease;
        while ((lease = node.Leases.Find(bring.Lease)) is null || lease.Epoch != (ulong)bring.Epoch)
        {
            int left = (int)(until - Environment.TickCount64);
            if (left <= 0)
            {
                throw new MoveException($"it knows no lease {bring.Lease} of epoch {bring.Epoch}");
            }
            _ = Monitor.Wait(node.Gate, left);
        }
        byte[] hash = SHA256.HashData(Encoding.UTF8.GetBytes(bring.Secret));
        if (
            lease.Grant.ArrivalHash.IsEmpty
            || !CryptographicOperations.FixedTimeEquals(hash, lease.Grant.ArrivalHash.Span)
        )
        {
            throw new MoveException($"no session of lease {bring.Lease} is expected from there");
        }
        if (node.Sessions.All.Any(one => one.Record.Session == bring.Session))
        {
            throw new MoveException($"session {bring.Session} is here already");
        }
        var device = node.Device(lease.Grant.Shares[0].Uuid)!;
        if (device.Fault is { } fault)
        {
            throw new MoveException($"device {device.Uuid} has a fault: {fault}");
        }
        Worker worker =
            node.Farm.Take(device, s_workerPatience)
            ?? throw new MoveException(
                $"no worker for device {device.Uuid} is ready within {s_workerPatience.TotalSeconds} s"
            );
        if (lease.EndReason is { } ended)
        {
            throw new MoveException($"the lease has ended: {ended}");
        }
        worker.IsSpent = true;
        (_lease, _worker) = (lease, worker);
        _slot = SessionBook.FreeSlot(lease, 0);
        if (_slot < 0)
        {
            throw new MoveException($"lease {bring.Lease} has no place for one more session");
        }
        // Of an attempt before this one.
        if (Directory.Exists(Folder))
        {
            Directory.Delete(Folder, recursive: true);
        }
        const UnixFileMode Own = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        _ = Directory.CreateDirectory(Folder, Own);
        node.Farm.RefillLater(device);
    }

    private ArrivalAnswer Take()
    {
        lock (node.Gate)
        {
            try
            {
                _session = node.Sessions.Arrive(bring, _lease!, _worker!, _slot, Folder, out SessionOffer offer);
                _session.Deadline = node.Sessions.Later(
                    _session,
                    s_beginPatience,
                    () => node.Sessions.End(_session, "its client's relay did not come")
                );
                long until = Environment.TickCount64 + (long)s_restorePatience.TotalMilliseconds;
                while (_session.Restored is null && _session.EndReason is null && !_session.HasEnded)
                {
                    int left = (int)(until - Environment.TickCount64);
                    if (left <= 0)
                    {
                        throw new MoveException("the worker has not taken it in time");
                    }
                    _ = Monitor.Wait(node.Gate, left);
                }
                string? reason =
                    _session.EndReason ?? (_session.Restored is { } report ? report.Reason : "the new worker has died");
                return reason is null ? new ArrivalAnswer { Offer = offer } : throw new MoveException(reason);
            }
            catch (Exception failure) when (failure is MoveException or IOException or UnauthorizedAccessException)
            {
                WorkerFarm.Kill(_worker!);
                return new ArrivalAnswer { Reason = failure.Message };
            }
        }
    }

    // True: the worker has not begun, and is no more.
    private bool Withdraw()
    {
        lock (node.Gate)
        {
            if (_session is null)
            {
                return true;
            }
            if (!_session.IsOpen)
            {
                WorkerFarm.Kill(_worker!);
                // What it had said before is heard when it is buried.
                while (!_session.IsOpen && !_session.HasEnded)
                {
                    _ = Monitor.Wait(node.Gate);
                }
            }
            return !_session.IsOpen;
        }
    }

    // Whoever has no session by now gets none.
    private void Forget()
    {
        lock (node.Gate)
        {
            if (_session is not null || _worker is null)
            {
                return;
            }
            WorkerFarm.Kill(_worker);
            try
            {
                if (Directory.Exists(Folder))
                {
                    Directory.Delete(Folder, recursive: true);
                }
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                Log.Error($"the image of a session that did not come stays behind: {failure.Message}");
            }
        }
    }

    private static void Answer(Stream stream, ArrivalAnswer answer)
    {
        byte[] text = JsonSerializer.SerializeToUtf8Bytes(answer, SessionJson.Default.ArrivalAnswer);
        stream.Write([.. BitConverter.GetBytes(text.Length), .. text]);
        stream.Flush();
    }
}
