using Google.Protobuf;
using Weir.Controller.Access;
using Weir.Controller.State;
using Weir.Controller.Store;
using Weir.Protocol.Agents;
using Weir.Protocol.Leases;
using Weir.Protocol.Rest;

namespace Weir.Controller.Leases;

/// <summary>Grants, takes over and ends leases. A grant is on disk before anyone hears of it.</summary>
internal sealed class LeaseService(ClusterState state, CommitQueue commits, ControllerClock clock, AuditLog audit)
{
    /// <summary>How long after the grant the first holder must have come.</summary>
    public const int ClaimMs = 60_000;

    // After an absence of the controller: holders find their agents without it, so those that are there are told of at once.
    private const int LeastAwaitedMs = 10_000;

    /// <summary>Called under the gate whenever room may have come free.</summary>
    public Action RoomChanged { get; set; } = () => { };

    /// <summary>Called under the gate when a lease's room came free, and nothing else changed.</summary>
    public Action Freed { get; set; } = () => { };

    /// <summary>Called under the gate when a lease is over, before its room is given to others.</summary>
    public Action<LeaseState> Ended { get; set; } = _ => { };

    /// <summary>Grants these slices; completes when the grant is on disk. Called under the gate.</summary>
    /// <param name="claim">What was claimed.</param>
    /// <param name="slices">What was placed.</param>
    /// <param name="with">What changes with the grant, for the same commit.</param>
    public Task<GrantView> Grant(ResolvedClaim claim, IReadOnlyList<SliceView> slices, GrantCompanion? with = null) =>
        Grant(claim, slices, with, out _);

    /// <summary>The same, and the lease that is being written.</summary>
    public Task<GrantView> Grant(
        ResolvedClaim claim,
        IReadOnlyList<SliceView> slices,
        GrantCompanion? with,
        out LeaseState granted
    )
    {
        string secret = Identifiers.Secret();
        long now = clock.Now;
        var lease = new LeaseState
        {
            Id = Identifiers.New("l"),
            SecretHash = Identifiers.Hash(secret),
            Project = claim.Project,
            User = claim.User,
            Pool = claim.Pool,
            Program = claim.Program,
            Workload = claim.Workload,
            Priority = claim.Priority,
            GraceMs = claim.GraceMs,
            IdleReleaseMs = claim.IdleReleaseMs,
            Slices = slices,
            GrantedAt = now,
            ExpiresAt = now + claim.LifeMs,
            AwaitedUntil = now + ClaimMs,
        };
        state.Leases.Add(lease.Id, lease);
        state.Count(lease, +1);
        granted = lease;
        var done = new TaskCompletionSource<GrantView>(TaskCreationOptions.RunContinuationsAsynchronously);
        var write = Writes.Lease(lease);
        var companion = with?.Write(lease);
        commits.Post(
            new StoreWrite(
                companion is null
                    ? write
                    : store =>
                    {
                        write(store);
                        companion(store);
                    },
                () =>
                {
                    lock (state.Gate)
                    {
                        lease.Durable = true;
                        lease.AwaitedUntil = clock.Now + ClaimMs;
                        Announce(lease);
                        var grant = new GrantView(LeaseViews.Of(lease), Ticket(lease, secret, claim.Boot));
                        with?.Announce(grant);
                        done.TrySetResult(grant);
                    }
                },
                error =>
                {
                    lock (state.Gate)
                    {
                        Forget(lease, "the store could not be written");
                        with?.Undo();
                        done.TrySetException(
                            new ControlException(507, "store", $"nothing was granted: {error.Message}")
                        );
                    }
                    return Writes.LeaseEnd(lease.Id, clock.Now, "was never announced");
                }
            )
        );
        return done.Task;
    }

    /// <summary>Ends a lease: its room is free for grants that are written after this. Called under the gate.</summary>
    public void End(LeaseState lease, string reason)
    {
        if (!lease.Active)
        {
            return;
        }
        string[] nodes = lease.Moving is { } move ? [.. lease.Nodes, move.Node] : [.. lease.Nodes];
        Forget(lease, reason);
        commits.Post(
            new StoreWrite(Writes.LeaseEnd(lease.Id, lease.EndedAt!.Value, reason), () => Revoke(lease, nodes, reason))
        );
        Freed();
    }

    /// <summary>Ends the lease with that id for a caller who may do it.</summary>
    public async Task<LeaseView> EndAsync(Caller caller, string id, string reason)
    {
        LeaseState lease;
        lock (state.Gate)
        {
            lease = Find(caller, id);
            audit.Add(caller, "lease.end", id, reason);
            End(lease, caller.User == lease.User ? reason : $"{reason} by {caller.User}");
        }
        await commits.FlushAsync();
        return LeaseViews.Of(lease);
    }

    /// <summary>A new epoch and a new ticket: whoever holds the old one is fenced.</summary>
    public async Task<GrantView> TakeOverAsync(Caller caller, string id, string? boot)
    {
        string secret = Identifiers.Secret();
        string hash = Identifiers.Hash(secret);
        var done = new TaskCompletionSource<GrantView>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (state.Gate)
        {
            var lease = Find(caller, id);
            if (lease.Moving is { } move)
            {
                throw new ControlException(
                    409,
                    "moving",
                    $"lease {id} is on its way to node {move.Node}: try again when it is there"
                );
            }
            ulong epoch = lease.Epoch + 1;
            lease.Epoch = epoch;
            lease.SecretHash = hash;
            audit.Add(caller, "lease.takeover", id, $"epoch {epoch}");
            commits.Post(
                new StoreWrite(
                    Writes.LeaseEpoch(id, epoch, hash),
                    () =>
                    {
                        lock (state.Gate)
                        {
                            lease.HeldOn.Clear();
                            lease.WasHeld = false;
                            lease.AwaitedUntil = clock.Now + ClaimMs;
                            if (lease.Active && lease.Epoch == epoch)
                            {
                                Announce(lease);
                            }
                            done.TrySetResult(new GrantView(LeaseViews.Of(lease), Ticket(lease, secret, boot)));
                        }
                    }
                )
            );
        }
        return await done.Task;
    }

    /// <summary>The active lease with that id, if the caller may touch it. Called under the gate.</summary>
    public LeaseState Find(Caller caller, string id)
    {
        // Who may not see it learns nothing about it.
        return state.Leases.TryGetValue(id, out var lease) && caller.MayTouch(state, lease.User, lease.Project)
            ? lease
            : throw ControlException.Unknown(
                "unknown-lease",
                $"there is no active lease {id} of yours: `weir leases` lists them"
            );
    }

    /// <summary>
    /// The controller, or one of the lease's agents, was away: its first holder may have come meanwhile or be on its way, but one
    /// that never heard of the grant must not keep the room for as long as a new one could. Called under the gate.
    /// </summary>
    /// <param name="lease">Nobody says that he holds it.</param>
    /// <param name="now">Unix time, milliseconds.</param>
    /// <param name="isKnown">An agent knows it, which tells by itself when its holder stays away for the grace time.</param>
    public static void AwaitAgain(LeaseState lease, long now, bool isKnown) =>
        lease.AwaitedUntil = Math.Max(
            lease.GrantedAt + ClaimMs,
            now + Math.Max(LeastAwaitedMs, isKnown ? lease.GraceMs : 0)
        );

    /// <summary>What the agent of a node must know of a lease. Called under the gate.</summary>
    public static LeaseGrant GrantFor(LeaseState lease, string node)
    {
        var move = lease.Moving is { } moving && moving.Node == node ? moving : null;
        var grant = new LeaseGrant
        {
            Lease = lease.Id,
            Epoch = move?.Epoch ?? lease.Epoch,
            SecretHash = ByteString.CopyFrom(Convert.FromHexString(lease.SecretHash)),
            Project = lease.Project,
            User = lease.User,
            GraceMs = (uint)lease.GraceMs,
            ClaimMs = lease.Workload is null ? ClaimMs : 0u,
            IdleReleaseMs = (uint)lease.IdleReleaseMs,
            Released = move is null && lease.Released,
            ArrivalHash = move is null
                ? ByteString.Empty
                : ByteString.CopyFrom(Convert.FromHexString(move.ArrivalHash)),
        };
        grant.Shares.AddRange((move?.Slices ?? lease.Slices).Where(slice => slice.Node == node).Select(ShareOf));
        return grant;
    }

    /// <summary>A slice as agents are told of it.</summary>
    public static Share ShareOf(SliceView slice) =>
        new()
        {
            Uuid = slice.Uuid,
            Ordinal = (uint)slice.Ordinal,
            Compute = (uint)slice.Compute,
            MemoryBytes = (ulong)slice.Memory,
        };

    private void Forget(LeaseState lease, string reason)
    {
        lease.EndedAt = clock.Now;
        lease.Reason = reason;
        state.Leases.Remove(lease.Id);
        if (!lease.Released)
        {
            state.Count(lease, -1);
        }
        Ended(lease);
    }

    private void Announce(LeaseState lease)
    {
        if (!lease.Active)
        {
            return;
        }
        foreach (string node in lease.Nodes)
        {
            if (state.Nodes.TryGetValue(node, out var found) && found is { Link: { } link, Reconciled: true })
            {
                link.Send(new ControllerMessage { Grant = GrantFor(lease, node) });
            }
        }
    }

    private void Revoke(LeaseState lease, string[] nodes, string reason)
    {
        lock (state.Gate)
        {
            foreach (string node in nodes)
            {
                if (state.Nodes.TryGetValue(node, out var found) && found.Link is { } link)
                {
                    link.Send(
                        new ControllerMessage
                        {
                            Revoke = new LeaseRevoke
                            {
                                Lease = lease.Id,
                                // What it was to have on another node had the next epoch.
                                Epoch = lease.Nodes.Contains(node) ? lease.Epoch : lease.Epoch + 1,
                                Reason = reason,
                            },
                        }
                    );
                }
            }
        }
    }

    private LeaseTicket Ticket(LeaseState lease, string secret, string? boot)
    {
        List<LeaseShard> shards = [];
        foreach (string name in lease.Nodes)
        {
            var node = state.Nodes[name];
            bool local = boot is not null && boot == node.Boot && node.Socket.Length > 0;
            shards.Add(
                new LeaseShard(
                    name,
                    node.Address,
                    node.Fingerprint,
                    local ? node.Socket : null,
                    [
                        .. lease
                            .Slices.Where(slice => slice.Node == name)
                            .Select(slice => new LeaseDevice(slice.Uuid, slice.Ordinal, slice.Compute, slice.Memory)),
                    ]
                )
            );
        }
        return new LeaseTicket(LeaseTicket.CurrentVersion, lease.Id, lease.Epoch, secret, shards);
    }
}
