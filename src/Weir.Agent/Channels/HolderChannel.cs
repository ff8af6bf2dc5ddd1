using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Weir.Agent.Leases;
using Weir.Agent.Sessions;
using Weir.Protocol.Agents;
using Weir.Remote;
using Weir.Remote.Control;
using Weir.Wire;
using Libc = Weir.Posix.Libc;

namespace Weir.Agent.Channels;

/// <summary>
/// A holder's control channel: one thread that hears it and one that tells it, both asleep nearly always. While it is open
/// the lease is held.
/// </summary>
internal sealed class HolderChannel(Node node, ControlChannel channel, string host, bool isLocal)
{
    private const int StackBytes = 256 << 10;
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(15);

    // Null: nothing follows. Telling may wait for a slow holder, so it is never done under the node's lock.
    private readonly BlockingCollection<(ControlMessage? Message, int[] Descriptors)> _outgoing = [];

    /// <summary>The lease that is held.</summary>
    public LeaseState? Lease { get; private set; }

    /// <summary>The holder's machine; empty: this one.</summary>
    public string Host => host;

    /// <summary>Begins to listen.</summary>
    public void Start()
    {
        new Thread(Hear, StackBytes) { IsBackground = true, Name = "holder" }.Start();
        new Thread(TellAll, StackBytes) { IsBackground = true, Name = "holder-tell" }.Start();
    }

    /// <summary>Tells the holder something; it never waits.</summary>
    public void Tell(ControlMessage message) => Tell(message, []);

    /// <summary>The same, with descriptors, which are this channel's from now on.</summary>
    public void Tell(ControlMessage message, int[] descriptors)
    {
        try
        {
            _outgoing.Add((message, descriptors));
        }
        catch (InvalidOperationException)
        {
            // The channel has closed meanwhile.
            Close(descriptors);
        }
    }

    /// <summary>Tells the holder something and closes the channel after it.</summary>
    public void Finish(ControlMessage message)
    {
        Tell(message);
        Tell(null!);
    }

    private void TellAll()
    {
        bool isOver = false;
        foreach ((ControlMessage? message, int[] descriptors) in _outgoing.GetConsumingEnumerable())
        {
            try
            {
                if (message is null)
                {
                    channel.Hush();
                    isOver = true;
                }
                else if (!isOver)
                {
                    channel.Send(message, descriptors);
                }
            }
            catch (Exception failure) when (failure is IOException or ObjectDisposedException)
            {
                // The holder has gone; the listening thread sees it too.
                isOver = true;
            }
            finally
            {
                Close(descriptors);
            }
        }
        // The listening thread has ended: nobody uses the connection's number any more.
        channel.Dispose();
    }

    private static void Close(int[] descriptors)
    {
        foreach (int descriptor in descriptors.Where(descriptor => descriptor >= 0))
        {
            _ = Libc.close(descriptor);
        }
    }

    private void Hear()
    {
        try
        {
            while (channel.Receive(out int descriptor) is { } message)
            {
                try
                {
                    if (!Answer(message, descriptor))
                    {
                        break;
                    }
                }
                finally
                {
                    if (descriptor >= 0)
                    {
                        _ = Libc.close(descriptor);
                    }
                }
            }
        }
        catch (Exception failure) when (failure is IOException or RemoteException or ObjectDisposedException)
        {
            if (Lease?.EndReason is null)
            {
                Log.Info($"a holder's channel broke: {failure.Message}");
            }
        }
        lock (node.Gate)
        {
            node.Leases.Leave(this);
            foreach (ClientSession session in node.Sessions.All)
            {
                session.Errand?.Departure?.HolderGone(this);
            }
        }
        _outgoing.CompleteAdding();
    }

    // False: nothing more is heard.
    private bool Answer(ControlMessage message, int descriptor)
    {
        switch (message)
        {
            case HoldLease hold when Lease is null:
                return Hold(hold);
            case OpenSession open when Lease is not null:
                Open(open);
                return true;
            case HandOver handOver when Lease is not null && isLocal && descriptor >= 0:
                try
                {
                    lock (node.Gate)
                    {
                        node.Sessions.HandOver(this, handOver.Session, descriptor);
                    }
                }
                catch (IOException failure)
                {
                    Tell(new SessionEnded(handOver.Session, failure.Message));
                }
                return true;
            case MoveReady ready when Lease is not null:
                lock (node.Gate)
                {
                    node.Mover.Hear(ready.Session, ready);
                }
                return true;
            case SessionMoved moved when Lease is not null:
                lock (node.Gate)
                {
                    node.Mover.Hear(moved.Session, moved);
                }
                return true;
            case BringSession bring when Lease is null && !isLocal:
                new Arrival(node, channel, bring).Serve();
                return false;
            case LeaseEnded when Lease is not null:
                lock (node.Gate)
                {
                    LeaseBook.GiveBack(this);
                }
                return true;
            case SessionEnded:
                // Its worker knows better.
                return true;
            case not null when message.GetType() == typeof(ControlMessage):
                // Of a kind that only a newer release has: it does without an answer.
                return true;
            default:
                Finish(new Refused(0, "this message does not belong here"));
                return false;
        }
    }

    private bool Hold(HoldLease hold)
    {
        try
        {
            if (hold.Version != ControlChannel.Version)
            {
                throw new IOException(
                    $"this node speaks version {ControlChannel.Version} of the control channel, the holder version {hold.Version}: use weir of the node's release"
                );
            }
            lock (node.Gate)
            {
                Lease = node.Leases.Hold(this, hold);
            }
            Tell(new LeaseHeld((int)Math.Ceiling(Lease.Grace.TotalSeconds), Snapshot(Lease)));
            foreach (string session in node.Sessions.NotAmong(hold.Sessions ?? []))
            {
                Tell(new SessionEnded(session, "it ended while the node's agent was away"));
            }
            return true;
        }
        catch (IOException failure)
        {
            Finish(new Refused(0, failure.Message));
            return false;
        }
    }

    private void Open(OpenSession open)
    {
        try
        {
            if (!open.Remote && !isLocal)
            {
                throw new IOException("a client of another machine cannot be handed over");
            }
            SessionOffer offer;
            lock (node.Gate)
            {
                offer = node.Sessions.Open(this, open);
            }
            Tell(new SessionOffered(open.Request, offer));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            Tell(new Refused(open.Request, failure.Message));
        }
    }

    // One snapshot of all shares, from one of each.
    private byte[] Snapshot(LeaseState lease)
    {
        byte[][] parts =
        [
            .. lease.Grant.Shares.Select(
                (Share share) => node.Farm.Describe(node.Device(share.Uuid)!, share.MemoryBytes, s_patience)
            ),
        ];
        SnapshotHeader header = MemoryMarshal.Read<SnapshotHeader>(parts[0]);
        header.DeviceCount = (uint)parts.Length;
        int headerBytes = Marshal.SizeOf<SnapshotHeader>();
        byte[] whole = [.. parts[0].AsSpan(0, headerBytes), .. parts.SelectMany(part => part.Skip(headerBytes))];
        MemoryMarshal.Write(whole, in header);
        return whole;
    }
}
