using System.Security.Cryptography;
using System.Text;
using Google.Protobuf;
using Weir.Agent.Channels;
using Weir.Agent.Sessions;
using Weir.Protocol.Agents;
using Weir.Remote.Control;

namespace Weir.Agent.Leases;

/// <summary>
/// The leases with shares on this node, in memory and in a file each. The controller's word counts; without it all stays as
/// it was. All methods are called under the node's lock.
/// </summary>
internal sealed class LeaseBook(Node node)
{
    // A program may be quicker than the grant's way to its nodes.
    private static readonly TimeSpan s_grantPatience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan s_claim = TimeSpan.FromSeconds(60);

    private readonly Dictionary<string, LeaseState> _leases = [];

    /// <summary>Leases that are over but have sessions that still end are not among them.</summary>
    public IEnumerable<LeaseState> All => _leases.Values;

    /// <summary>The lease of that name, or null.</summary>
    public LeaseState? Find(string name) => _leases.GetValueOrDefault(name);

    /// <summary>Finds the leases of an agent before this one.</summary>
    public void Load()
    {
        foreach (string file in Directory.EnumerateFiles(node.Folders.Leases, "*.json"))
        {
            try
            {
                Add(LeaseGrant.Parser.ParseJson(File.ReadAllText(file)));
            }
            catch (Exception failure) when (failure is InvalidProtocolBufferException or InvalidJsonException)
            {
                Log.Error($"{file} is no lease: {failure.Message}");
                File.Delete(file);
            }
        }
    }

    /// <summary>A lease is granted, or granted anew with a higher epoch, which fences holders of the old one.</summary>
    public void Grant(LeaseGrant grant)
    {
        if (Refusal(grant) is { } refusal)
        {
            Refuse(grant, refusal);
            return;
        }
        LeaseState? known = Find(grant.Lease);
        if (known?.Epoch >= grant.Epoch)
        {
            if (known.Epoch == grant.Epoch)
            {
                node.Mover.Reconciled(known, grant.Released);
            }
            return;
        }
        try
        {
            WholeFile.Write(FileOf(grant.Lease), Encoding.UTF8.GetBytes(JsonFormatter.Default.Format(grant)));
            if (known is not null)
            {
                End(known, $"lease ended: epoch {known.Epoch} was replaced by epoch {grant.Epoch}");
            }
            LeaseState lease = Add(grant);
            lease.Alone = Later(lease, grant.ClaimMs > 0 ? TimeSpan.FromMilliseconds(grant.ClaimMs) : s_claim);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // An agent that is started again must not find a lease that was refused.
            File.Delete(FileOf(grant.Lease));
            Refuse(
                grant,
                $"node {node.Config.Node} cannot write it down: {failure.Message}; make room in {node.Folders.Run}"
            );
        }
        Monitor.PulseAll(node.Gate);
    }

    /// <summary>The controller takes a lease back: holders of this epoch and older ones are fenced.</summary>
    public void Revoke(string name, ulong epoch, string reason)
    {
        if (Find(name) is { } lease && lease.Epoch <= epoch)
        {
            File.Delete(FileOf(name));
            End(lease, $"lease ended: {(reason.Length > 0 ? reason : "it was revoked")}");
        }
    }

    /// <summary>These are all leases; whatever else is known is over.</summary>
    public void Reconcile(IEnumerable<LeaseGrant> leases)
    {
        LeaseGrant[] current = [.. leases];
        HashSet<string> names = [.. current.Select(grant => grant.Lease)];
        foreach (LeaseState lease in _leases.Values.Where(lease => !names.Contains(lease.Name)).ToArray())
        {
            File.Delete(FileOf(lease.Name));
            End(lease, "lease ended: the controller does not know it any more");
        }
        foreach (LeaseGrant grant in current)
        {
            Grant(grant);
        }
    }

    /// <summary>What is known of leases.</summary>
    public IEnumerable<HeldLease> Report() =>
        _leases.Values.Select(lease => new HeldLease
        {
            Lease = lease.Name,
            Epoch = lease.Epoch,
            Held = lease.IsHeld,
        });

    /// <summary>Leases whose holder was lost, to be told to a controller that may not have heard it.</summary>
    public IEnumerable<AgentMessage> Lost() =>
        _leases.Values.Where(lease => lease.ToldHeld == false).Select(lease => Holder(lease, false)).ToArray();

    /// <summary>Leases whose slices are wanted, to be told to a controller that may not have heard it.</summary>
    public IEnumerable<AgentMessage> Wanted() =>
        _leases
            .Values.Where(lease => lease.HasWanted)
            .Select(lease => new AgentMessage
            {
                Want = new LeaseWant { Lease = lease.Name, Epoch = lease.Epoch },
            })
            .ToArray();

    /// <summary>
    /// A holder says which lease is its own; waits a little for one that is not known yet. The lock is given up meanwhile.
    /// </summary>
    /// <exception cref="IOException">It is not; the message is for the holder's user.</exception>
    public LeaseState Hold(HolderChannel channel, HoldLease claim)
    {
        long until = Environment.TickCount64 + (long)s_grantPatience.TotalMilliseconds;
        LeaseState? lease;
        while ((lease = Find(claim.Lease)) is null || lease.Epoch < (ulong)claim.Epoch)
        {
            int left = (int)(until - Environment.TickCount64);
            if (left <= 0)
            {
                throw new IOException(
                    $"node {node.Config.Node} knows no lease {claim.Lease} of epoch {claim.Epoch}: it has ended, or the node has lost its controller"
                );
            }
            _ = Monitor.Wait(node.Gate, left);
        }
        byte[] hash = SHA256.HashData(Encoding.UTF8.GetBytes(claim.Secret));
        if (!CryptographicOperations.FixedTimeEquals(hash, lease.Grant.SecretHash.Span))
        {
            throw new IOException($"the secret for lease {claim.Lease} is wrong");
        }
        if (lease.Epoch > (ulong)claim.Epoch)
        {
            throw new IOException(
                $"the ticket for lease {claim.Lease} is of epoch {claim.Epoch}, the lease of epoch {lease.Epoch}: this holder was replaced"
            );
        }
        _ = lease.Holders.Add(channel);
        lease.IsGivenBack = false;
        HoldersChanged(lease);
        return lease;
    }

    /// <summary>A holder says that its program has ended: nobody comes back, so there is no grace time.</summary>
    public static void GiveBack(HolderChannel channel)
    {
        if (channel.Lease is { } lease && lease.Holders.Count == 1)
        {
            lease.IsGivenBack = true;
        }
    }

    /// <summary>A holder's channel has closed.</summary>
    public void Leave(HolderChannel channel)
    {
        if (channel.Lease is { } lease && lease.Holders.Remove(channel))
        {
            node.Sessions.Orphan(channel);
            HoldersChanged(lease);
        }
    }

    /// <summary>Channels or sessions came or went: tells the controller when that matters, now or after the grace time.</summary>
    public void HoldersChanged(LeaseState lease)
    {
        if (lease.EndReason is not null)
        {
            Finish(lease);
            return;
        }
        if (lease.IsHeld)
        {
            lease.Alone?.Dispose();
            lease.Alone = null;
            TellHolder(lease, true);
        }
        else if (lease.IsGivenBack)
        {
            TellHolder(lease, false);
        }
        else
        {
            lease.Alone ??= Later(lease, lease.Grace);
        }
    }

    private void Refuse(LeaseGrant grant, string reason)
    {
        Log.Error($"the grant of lease {grant.Lease} is refused: {reason}");
        node.Tell(
            new AgentMessage
            {
                GrantRefused = new GrantRefused
                {
                    Lease = grant.Lease,
                    Epoch = grant.Epoch,
                    Reason = reason,
                },
            }
        );
    }

    private string? Refusal(LeaseGrant grant)
    {
        if (
            grant.Lease.Length is 0 or > 100
            || grant.Lease.Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_'))
        )
        {
            return "its name is none";
        }
        if (grant.Shares.Count == 0)
        {
            return "it has no share on this node";
        }
        foreach (Share share in grant.Shares)
        {
            if (node.Device(share.Uuid) is not { } device)
            {
                return $"node {node.Config.Node} has no device {share.Uuid}";
            }
            if (device.Fault is { } fault && Find(grant.Lease) is null)
            {
                return $"device {share.Uuid} has a fault: {fault}";
            }
            if (share.MemoryBytes == 0 || share.MemoryBytes > device.MemoryBytes || share.Compute is 0 or > 100)
            {
                return $"device {share.Uuid} cannot be cut so: {share.Compute} % and {share.MemoryBytes} of {device.MemoryBytes} bytes";
            }
        }
        return null;
    }

    private LeaseState Add(LeaseGrant grant)
    {
        var lease = new LeaseState(grant);
        try
        {
            for (int i = 0; i < grant.Shares.Count; i++)
            {
                string page = Path.Combine(node.Folders.Leases, $"{grant.Lease}.{grant.Epoch}.{i}.page");
                lease.Pages.Add(new LeasePageFile(page, grant.Shares[i].MemoryBytes));
            }
        }
        catch
        {
            Finish(lease);
            throw;
        }
        _leases[grant.Lease] = lease;
        lease.Alone = Later(lease, lease.Grace);
        return lease;
    }

    private void End(LeaseState lease, string reason)
    {
        lease.EndReason = reason;
        lease.Alone?.Dispose();
        node.Yields.Forget(lease);
        _ = _leases.Remove(lease.Name);
        foreach (ClientSession session in lease.Sessions.ToArray())
        {
            node.Sessions.End(session, reason);
        }
        foreach (HolderChannel holder in lease.Holders)
        {
            holder.Finish(new LeaseEnded(reason));
        }
        lease.Holders.Clear();
        Finish(lease);
        Monitor.PulseAll(node.Gate);
    }

    // Its pages go with its last worker.
    private static void Finish(LeaseState lease)
    {
        if (lease.Sessions.Count == 0)
        {
            foreach (LeasePageFile page in lease.Pages)
            {
                page.Dispose();
            }
            lease.Pages.Clear();
        }
    }

    private void TellHolder(LeaseState lease, bool isHeld)
    {
        if (lease.ToldHeld == isHeld)
        {
            return;
        }
        lease.ToldHeld = isHeld;
        node.Tell(Holder(lease, isHeld));
    }

    private static AgentMessage Holder(LeaseState lease, bool isHeld) =>
        new()
        {
            Holder = new HolderChange
            {
                Lease = lease.Name,
                Epoch = lease.Epoch,
                State = isHeld ? HolderState.HolderPresent : HolderState.HolderLost,
            },
        };

    private Timer Later(LeaseState lease, TimeSpan after)
    {
        lease.Alone?.Dispose();
        return new Timer(
            _ =>
            {
                lock (node.Gate)
                {
                    if (lease.EndReason is null && !lease.IsHeld)
                    {
                        Log.Info($"lease {lease.Name}: nobody has held it for {after.TotalSeconds:0.#} s");
                        TellHolder(lease, false);
                    }
                }
            },
            null,
            after,
            Timeout.InfiniteTimeSpan
        );
    }

    private string FileOf(string lease) => Path.Combine(node.Folders.Leases, lease + ".json");
}
