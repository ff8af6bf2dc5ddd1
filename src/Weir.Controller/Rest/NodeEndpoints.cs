using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Weir.Controller.Access;
using Weir.Controller.Leases;
using Weir.Controller.Sessions;
using Weir.Controller.State;
using Weir.Controller.Store;
using Weir.Protocol.Agents;
using Weir.Protocol.Rest;

namespace Weir.Controller.Rest;

/// <summary>/v1/nodes and /v1/devices.</summary>
internal sealed class NodeEndpoints(
    ClusterState state,
    CommitQueue commits,
    ControllerClock clock,
    AuditLog audit,
    LeaseService leases,
    SessionService moves,
    Callers callers
)
{
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v1/nodes", Nodes).Describe("List nodes", "");
        routes
            .MapPost(
                "/v1/nodes/{name}/drain",
                (HttpContext context, string name, DrainRequest? drain) =>
                    ModeAsync(context, name, "draining", drain?.DeadlineMs)
            )
            .Describe(
                "Drain a node",
                "Nothing new is placed on it; its sessions are parked where they can be, and what is left at the deadline is ended."
            );
        routes
            .MapPost(
                "/v1/nodes/{name}/cordon",
                (HttpContext context, string name) => ModeAsync(context, name, "cordoned", null)
            )
            .Describe("Cordon a node", "Nothing new is placed on it.");
        routes
            .MapPost(
                "/v1/nodes/{name}/uncordon",
                (HttpContext context, string name) => ModeAsync(context, name, "ready", null)
            )
            .Describe("Let a node be used again", "");
        routes
            .MapDelete("/v1/nodes/{name}", RemoveAsync)
            .Describe("Remove a node", "Its leases end and its credential is no longer valid.");
        routes
            .MapGet("/v1/devices", Devices)
            .Describe("List devices", "All devices that are known, and what is promised of them.");
        routes
            .MapPost(
                "/v1/devices/{uuid}/cordon",
                (HttpContext context, string uuid) => DeviceAsync(context, uuid, true)
            )
            .Describe("Cordon a device", "Nothing new is placed on it.");
        routes
            .MapPost(
                "/v1/devices/{uuid}/uncordon",
                (HttpContext context, string uuid) => DeviceAsync(context, uuid, false)
            )
            .Describe("Let a device be used again", "A faulty one runs its self-test first.");
    }

    private NodeView[] Nodes(HttpContext context)
    {
        _ = callers.Of(context);
        lock (state.Gate)
        {
            return [.. state.Nodes.Values.OrderBy(node => node.Name, StringComparer.Ordinal).Select(View)];
        }
    }

    private NodeView View(NodeState node)
    {
        int held = state.Leases.Values.Count(lease => !lease.Released && lease.Nodes.Contains(node.Name));
        string shown = node.Mode == "draining" && held == 0 ? "drained" : node.Mode;
        return new NodeView(
            node.Name,
            node.Link is null ? "away" : shown,
            node.Address,
            node.Release,
            node.Processors,
            node.HostMemory,
            state.Devices.Values.Count(device => device.Node == node.Name),
            held,
            state.Sessions.Values.Count(session => session.Node == node.Name),
            node.LastSeen
        );
    }

    private DeviceView[] Devices(HttpContext context)
    {
        _ = callers.Of(context);
        lock (state.Gate)
        {
            return
            [
                .. state
                    .Devices.Values.OrderBy(device => device.Node, StringComparer.Ordinal)
                    .ThenBy(device => device.Ordinal)
                    .Select(device => new DeviceView(
                        device.Uuid,
                        device.Node,
                        device.Ordinal,
                        device.Kind,
                        device.Model,
                        device.Pool,
                        StateOf(device),
                        device.Fault,
                        device.Memory,
                        device.ComputeGranted,
                        device.MemoryGranted,
                        device.ComputeUsed,
                        device.MemoryUsed,
                        device.Leases
                    )
                    {
                        Rack = state.Nodes.GetValueOrDefault(device.Node)?.Rack ?? "",
                        Numa = device.Numa,
                        LinkGroup = device.LinkGroup,
                        Speed = device.Speed,
                    }),
            ];
        }
    }

    private string StateOf(DeviceState device)
    {
        if (device.Fault is not null)
        {
            return "faulty";
        }
        var node = state.Nodes.GetValueOrDefault(device.Node);
        if (node?.Link is null || !device.Present)
        {
            return "away";
        }
        return device.Cordoned ? "cordoned" : node.Mode;
    }

    private async Task<NodeView> ModeAsync(HttpContext context, string name, string mode, long? deadlineMs)
    {
        var caller = callers.Of(context);
        caller.MustOperate("changing nodes");
        NodeView view;
        lock (state.Gate)
        {
            var node = Node(name);
            node.Mode = mode;
            node.DrainDeadline = clock.Now + deadlineMs;
            if (mode == "draining")
            {
                // What can go to another node, or be parked, need not be waited for; what cannot goes on and is.
                foreach (var lease in state.Leases.Values.Where(lease => lease.Nodes.Contains(name)).ToArray())
                {
                    moves.Evacuate(lease, $"node {name} is drained by {caller.User}");
                }
            }
            audit.Add(caller, $"node.{mode}", name);
            commits.Post(new StoreWrite(Writes.Node(node)));
            view = View(node);
            leases.RoomChanged();
        }
        await commits.FlushAsync();
        return view;
    }

    private async Task RemoveAsync(HttpContext context, string name)
    {
        var caller = callers.Of(context);
        caller.MustOperate("removing nodes");
        lock (state.Gate)
        {
            var node = Node(name);
            foreach (var lease in state.Leases.Values.Where(lease => lease.Nodes.Contains(name)).ToArray())
            {
                leases.End(lease, $"node {name} was removed");
            }
            node.Link?.Close("the node was removed");
            state.Nodes.Remove(name);
            state.LayoutVersion++;
            foreach (
                string uuid in state
                    .Devices.Values.Where(device => device.Node == name)
                    .Select(device => device.Uuid)
                    .ToArray()
            )
            {
                state.Devices.Remove(uuid);
            }
            audit.Add(caller, "node.remove", name);
            commits.Post(new StoreWrite(Writes.RemoveNode(name)));
        }
        await commits.FlushAsync();
    }

    private async Task DeviceAsync(HttpContext context, string uuid, bool cordoned)
    {
        var caller = callers.Of(context);
        caller.MustOperate("changing devices");
        lock (state.Gate)
        {
            if (!state.Devices.TryGetValue(uuid, out var device))
            {
                throw ControlException.Unknown(
                    "unknown-device",
                    $"there is no device {uuid}: `weir devices` lists them"
                );
            }
            device.Cordoned = cordoned;
            if (!cordoned && device.Fault is not null && state.Nodes[device.Node].Link is { } link)
            {
                link.Send(
                    new ControllerMessage
                    {
                        Device = new DeviceCommand { Uuid = uuid, Action = DeviceAction.DeviceSelfTest },
                    }
                );
            }
            audit.Add(caller, cordoned ? "device.cordon" : "device.uncordon", uuid);
            commits.Post(new StoreWrite(Writes.Device(device)));
            leases.RoomChanged();
        }
        await commits.FlushAsync();
    }

    private NodeState Node(string name) =>
        state.Nodes.TryGetValue(name, out var node)
            ? node
            : throw ControlException.Unknown("unknown-node", $"there is no node \"{name}\": `weir nodes` lists them");
}
