using Microsoft.Extensions.Logging;
using Weir.Controller.Access;
using Weir.Controller.Leases;
using Weir.Controller.Sessions;
using Weir.Controller.State;
using Weir.Controller.Store;
using Weir.Controller.Workloads;
using Weir.Protocol;
using Weir.Protocol.Agents;
using Weir.Protocol.Grpc;

namespace Weir.Controller.Nodes;

/// <summary>
/// What agents say, and what follows: a node is placeable after it said what is and was told what was granted.
/// </summary>
internal sealed class NodeService(
    ClusterState state,
    CommitQueue commits,
    ControllerClock clock,
    AuditLog audit,
    LeaseService leases,
    WorkloadService workloads,
    SessionBook sessions,
    LeaseRooms rooms,
    SessionService moves,
    LeaseMoves travels,
    TokenService tokens,
    string incarnation,
    ILogger log
)
{
    /// <summary>How often agents say that they live.</summary>
    public const int HeartbeatMs = 1000;

    // A machine under load is late; a minute of silence costs nobody a lease, only new placements.
    private const long LongestSilence = 15_000;

    private const int MostRackName = 100;

    private static readonly Protocol.Agents.Version Own = new()
    {
        Major = ProtocolVersion.Major,
        Minor = ProtocolVersion.Minor,
        Release = Serving.Release.Text,
    };

    /// <summary>Called under the gate when a node has said what it has.</summary>
    public Action DevicesKnown { get; set; } = () => { };

    /// <summary>Makes a node of a join token's bearer.</summary>
    public async Task<JoinReply> JoinAsync(JoinRequest request)
    {
        CheckVersion(request.Version);
        try
        {
            tokens.Recognise(request.Token, "join");
        }
        catch (ControlException refused)
        {
            throw new GrpcException(GrpcStatus.Unauthenticated, refused.Message);
        }
        if (!NodeName.IsValid(request.Node))
        {
            throw new GrpcException(
                GrpcStatus.InvalidArgument,
                $"\"{request.Node}\" is no name for a node: {NodeName.Rule}"
            );
        }
        string credential = $"weirn1.{request.Node}.{Identifiers.Secret()}";
        lock (state.Gate)
        {
            if (state.Nodes.ContainsKey(request.Node))
            {
                throw new GrpcException(
                    GrpcStatus.AlreadyExists,
                    $"there is a node {request.Node} already: join with another --name, or `weir nodes remove {request.Node}` first"
                );
            }
            state.LayoutVersion++;
            var node = new NodeState
            {
                Name = request.Node,
                CredentialHash = Identifiers.Hash(credential),
                LastSeen = clock.Now,
            };
            state.Nodes.Add(node.Name, node);
            audit.Add(Caller.Controller, "node.join", node.Name);
            commits.Post(new StoreWrite(Writes.Node(node)));
        }
        await commits.FlushAsync();
        return new JoinReply { Node = request.Node, Credential = credential };
    }

    /// <summary>The node whose credential that is; throws <see cref="GrpcException"/>.</summary>
    public NodeState Recognise(string credential)
    {
        string[] parts = credential.Split('.');
        // A node's name may have dots: the secret has none.
        string name = parts.Length >= 3 ? string.Join('.', parts[1..^1]) : "";
        lock (state.Gate)
        {
            if (
                parts[0] == "weirn1"
                && state.Nodes.TryGetValue(name, out var node)
                && node.CredentialHash == Identifiers.Hash(credential)
            )
            {
                return node;
            }
        }
        throw new GrpcException(
            GrpcStatus.Unauthenticated,
            "this node's credential is not known here: the node was removed, or the controller's store is another one; join again with a new token"
        );
    }

    /// <summary>A stream was opened: an older one of the same node is over.</summary>
    public void Open(NodeState node, AgentLink link, Hello hello)
    {
        CheckVersion(hello.Version);
        if (hello.Address.Length is 0 or > 256 || hello.Fingerprint.Length != 64)
        {
            throw new GrpcException(
                GrpcStatus.InvalidArgument,
                "the agent says neither where it can be reached nor who it is"
            );
        }
        lock (state.Gate)
        {
            node.Link?.Close("the agent opened another stream");
            node.Link = link;
            node.Reconciled = false;
            node.Address = hello.Address;
            node.Fingerprint = hello.Fingerprint.ToLowerInvariant();
            node.Boot = hello.Boot;
            node.Socket = hello.Socket;
            node.Release = hello.Version.Release;
            state.LayoutVersion++;
            node.Processors = (int)hello.Processors;
            node.HostMemory = (long)hello.HostMemoryBytes;
            node.Rack = hello.Rack.Length <= MostRackName ? hello.Rack : hello.Rack[..MostRackName];
            node.LastSeen = clock.Now;
            node.HeartbeatAt = clock.Now;
            commits.Post(new StoreWrite(Writes.Node(node)));
            link.Send(
                new ControllerMessage
                {
                    Welcome = new Welcome
                    {
                        Version = Own,
                        Incarnation = incarnation,
                        HeartbeatMs = HeartbeatMs,
                    },
                }
            );
        }
        Say($"node {node.Name} is here ({hello.Address})");
    }

    /// <summary>The stream is over; sessions of the node go on without it.</summary>
    public void Close(NodeState node, AgentLink link)
    {
        lock (state.Gate)
        {
            if (node.Link == link)
            {
                node.Link = null;
                node.Reconciled = false;
                moves.AgentGone(node);
                rooms.AgentGone(node);
                node.LastSeen = clock.Now;
                commits.Post(new StoreWrite(Writes.Node(node)));
                Say($"node {node.Name} is away: {link.CloseReason ?? "the connection ended"}");
            }
        }
    }

    /// <summary>One message of the agent.</summary>
    public void Take(NodeState node, AgentLink link, AgentMessage message)
    {
        if (message.BodyCase == AgentMessage.BodyOneofCase.Output)
        {
            // Takes the gate for itself: files are not written under it.
            workloads.TakeOutput(node, link, message.Output);
            return;
        }
        lock (state.Gate)
        {
            if (node.Link != link)
            {
                return;
            }
            node.LastSeen = clock.Now;
            switch (message.BodyCase)
            {
                case AgentMessage.BodyOneofCase.Inventory:
                    TakeInventory(node, message.Inventory);
                    break;
                case AgentMessage.BodyOneofCase.Report:
                    Reconcile(node, link, message.Report);
                    break;
                case AgentMessage.BodyOneofCase.Heartbeat:
                    node.HeartbeatAt = clock.Now;
                    sessions.Beat(node, message.Heartbeat);
                    break;
                case AgentMessage.BodyOneofCase.Holder:
                    TakeHolder(node, message.Holder.Lease, message.Holder.Epoch, message.Holder.State);
                    break;
                case AgentMessage.BodyOneofCase.Session:
                    sessions.Take(node, message.Session);
                    break;
                case AgentMessage.BodyOneofCase.Health:
                    TakeHealth(node, message.Health);
                    break;
                case AgentMessage.BodyOneofCase.GrantRefused:
                    TakeRefusal(node, message.GrantRefused);
                    break;
                case AgentMessage.BodyOneofCase.Workload:
                    workloads.Take(node, message.Workload);
                    break;
                case AgentMessage.BodyOneofCase.SessionAnswer:
                    moves.Answered(message.SessionAnswer);
                    break;
                case AgentMessage.BodyOneofCase.Want:
                    rooms.Want(node, message.Want);
                    break;
                case AgentMessage.BodyOneofCase.Yielded:
                    rooms.Yielded(node, message.Yielded);
                    break;
                case AgentMessage.BodyOneofCase.Hello:
                    throw new GrpcException(GrpcStatus.InvalidArgument, "the agent said hello twice");
                default:
                    // Of a newer release.
                    break;
            }
        }
    }

    /// <summary>Time passed. Called under the gate.</summary>
    public static void Watch(NodeState node, long now)
    {
        if (node.Link is { } link && now - node.HeartbeatAt > LongestSilence)
        {
            link.Close($"no heartbeat for {LongestSilence / 1000} s");
        }
    }

    private void Say(string what)
    {
        if (log.IsEnabled(LogLevel.Information))
        {
            log.LogInformation("{What}", what);
        }
    }

    private static void CheckVersion(Protocol.Agents.Version? version)
    {
        if (version is null || !ProtocolVersion.Accepts(version.Major))
        {
            throw new GrpcException(
                GrpcStatus.FailedPrecondition,
                $"the agent speaks version {version?.Major ?? 0}.{version?.Minor ?? 0} (release {version?.Release}), this controller {ProtocolVersion.Major}.{ProtocolVersion.Minor} (release {Serving.Release.Text}): install neighbouring releases, the controller first"
            );
        }
    }

    private void TakeInventory(NodeState node, Inventory inventory)
    {
        InventoryCheck.Check(state, node.Name, inventory);
        state.LayoutVersion++;
        foreach (var device in state.Devices.Values)
        {
            if (device.Node == node.Name)
            {
                device.Present = false;
            }
        }
        foreach (var said in inventory.Devices)
        {
            if (!state.Devices.TryGetValue(said.Uuid, out var device))
            {
                device = new DeviceState { Uuid = said.Uuid, Node = node.Name };
                state.Devices.Add(device.Uuid, device);
            }
            else if (InventoryCheck.Contradiction(device, said) is { } contradiction)
            {
                device.Present = true;
                Fault(device, contradiction + "; `weir devices uncordon` believes it");
                continue;
            }
            device.Present = true;
            device.Ordinal = (int)said.Ordinal;
            device.Kind = said.Kind;
            device.Model = said.Model;
            device.Memory = (long)said.MemoryBytes;
            device.Pool = said.Pool.Length > 0 ? said.Pool : device.Pool;
            device.BusyNs = 0;
            device.Numa = (int)said.Numa;
            device.LinkGroup = (int)said.LinkGroup;
            device.Speed = said.Speed;
            device.CostPerHour = said.CostPerHour;
            device.Units = (int)Math.Clamp(said.Units, 1, 1 << 16);
            string? fault =
                said.Healthy ? null
                : said.Fault.Length > 0 ? said.Fault
                : "the node says that it is not healthy";
            if (fault is not null)
            {
                Fault(device, fault);
            }
            else
            {
                device.Fault = null;
            }
            commits.Post(new StoreWrite(Writes.Device(device)));
        }
        leases.RoomChanged();
    }

    // The agent said what is; it is told what was granted. From here on both sides only say what changes.
    private void Reconcile(NodeState node, AgentLink link, Report report)
    {
        var set = new LeaseSet();
        foreach (var lease in state.Leases.Values)
        {
            if (lease.Durable && lease.IsOn(node.Name))
            {
                set.Leases.Add(LeaseService.GrantFor(lease, node.Name));
            }
        }
        foreach (var held in report.Leases)
        {
            if (held.Held && state.Leases.ContainsKey(held.Lease))
            {
                TakeHolder(node, held.Lease, held.Epoch, HolderState.HolderPresent);
            }
        }
        HashSet<string> known = [.. report.Leases.Select(held => held.Lease)];
        foreach (var lease in state.Leases.Values.Where(lease => lease.Nodes.Contains(node.Name)))
        {
            if (!lease.HeldOn.Contains(node.Name))
            {
                LeaseService.AwaitAgain(lease, clock.Now, known.Contains(lease.Id));
            }
        }
        sessions.Reconcile(node, report.Sessions);
        travels.Reconciled(node, report.Sessions);
        workloads.Reconcile(node, link, report.Workloads, set);
        link.Send(new ControllerMessage { Leases = set });
        node.Reconciled = true;
        DevicesKnown();
        leases.RoomChanged();
    }

    private void TakeHolder(NodeState node, string id, ulong epoch, HolderState holder)
    {
        if (!state.Leases.TryGetValue(id, out var lease))
        {
            return;
        }
        if (lease.Moving is { } move)
        {
            // Holders come and go on both nodes; what counts is what becomes of the move.
            if (move.Node == node.Name && move.Epoch == epoch)
            {
                move.IsHeld = holder == HolderState.HolderPresent;
            }
            return;
        }
        if (lease.Epoch != epoch || !lease.Nodes.Contains(node.Name))
        {
            return;
        }
        if (holder == HolderState.HolderPresent)
        {
            lease.HeldOn.Add(node.Name);
            lease.WasHeld = true;
        }
        else if (holder == HolderState.HolderLost)
        {
            lease.HeldOn.Remove(node.Name);
            // A workload's lease ends with the workload: its programs may come and go.
            if (lease.Workload is null)
            {
                leases.End(lease, "its holder ended");
            }
        }
    }

    private void TakeHealth(NodeState node, DeviceHealth health)
    {
        if (!state.Devices.TryGetValue(health.Uuid, out var device) || device.Node != node.Name)
        {
            return;
        }
        if (health.Healthy)
        {
            device.Fault = null;
            audit.Add(Caller.Controller, "device.healthy", device.Uuid, health.Reason);
            leases.RoomChanged();
        }
        else
        {
            Fault(device, health.Reason);
        }
        commits.Post(new StoreWrite(Writes.Device(device)));
    }

    private void Fault(DeviceState device, string reason)
    {
        if (device.Fault == reason)
        {
            return;
        }
        device.Fault = reason;
        audit.Add(Caller.Controller, "device.fault", device.Uuid, reason);
        log.LogWarning("device {Device} is faulty: {Reason}", device.Uuid, reason);
        foreach (
            var lease in state
                .Leases.Values.Where(lease => lease.Slices.Any(slice => slice.Uuid == device.Uuid))
                .ToArray()
        )
        {
            leases.End(lease, $"device fault: {reason}");
        }
        commits.Post(new StoreWrite(Writes.Device(device)));
    }

    private void TakeRefusal(NodeState node, GrantRefused refused)
    {
        if (
            state.Leases.TryGetValue(refused.Lease, out var lease)
            && lease.Epoch == refused.Epoch
            && lease.Nodes.Contains(node.Name)
        )
        {
            leases.End(lease, $"node {node.Name} refused it: {refused.Reason}");
        }
    }
}
