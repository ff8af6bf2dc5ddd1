using Weir.Agent.Configuration;
using Weir.Agent.Devices;
using Weir.Agent.Leases;
using Weir.Agent.Sessions;
using Weir.Agent.Watching;
using Weir.Agent.Workers;
using Weir.Agent.Workloads;
using Weir.Protocol.Agents;

namespace Weir.Agent;

/// <summary>
/// All that an agent knows of its node. One lock guards it: everything happens seldom and takes microseconds, and nobody
/// waits for another process while holding it.
/// </summary>
internal sealed class Node
{
    /// <param name="config">The node's configuration.</param>
    /// <param name="folders">Where it keeps its things.</param>
    /// <param name="worker">Path of weir-worker.</param>
    public Node(AgentConfig config, AgentFolders folders, string worker)
    {
        Config = config;
        Folders = folders;
        Devices = DeviceInventory.Find(config, worker);
        Start = new WorkerStart(config, folders, worker);
        Farm = new WorkerFarm(this);
        Ended = new EndedSessions(folders.Ended);
        Sessions = new SessionBook(this);
        Leases = new LeaseBook(this);
        Mover = new SessionMover(this);
        Yields = new LeaseYields(this);
        Faults = new FaultWatch(this);
        Workloads = new WorkloadBook(this);
    }

    /// <summary>Guards everything; waited on for leases and workers that are on their way.</summary>
    public object Gate { get; } = new();

    /// <summary>The node's configuration.</summary>
    public AgentConfig Config { get; }

    /// <summary>Where it keeps its things.</summary>
    public AgentFolders Folders { get; }

    /// <summary>Its devices; the list never changes.</summary>
    public IReadOnlyList<DeviceState> Devices { get; }

    /// <summary>Waits for what processes say.</summary>
    public Watcher Watcher { get; } = new();

    /// <summary>Starts processes.</summary>
    public WorkerStart Start { get; }

    /// <summary>Workers.</summary>
    public WorkerFarm Farm { get; }

    /// <summary>Leases.</summary>
    public LeaseBook Leases { get; }

    /// <summary>Sessions.</summary>
    public SessionBook Sessions { get; }

    /// <summary>Takes sessions off their devices and brings them back.</summary>
    public SessionMover Mover { get; }

    /// <summary>Leases that make room for others.</summary>
    public LeaseYields Yields { get; }

    /// <summary>Devices that failed.</summary>
    public FaultWatch Faults { get; }

    /// <summary>Programs that this node runs.</summary>
    public WorkloadBook Workloads { get; }

    /// <summary>SHA-256 of this agent's certificate; "" without a network.</summary>
    public string Fingerprint { get; set; } = "";

    /// <summary>Where clients of other machines connect, "host:port"; "" without a network.</summary>
    public string Address { get; set; } = "";

    /// <summary>Told of everything that changes, under the lock; must not wait.</summary>
    public event Action<AgentMessage>? Changed;

    /// <summary>Somebody listens.</summary>
    public bool HasListener => Changed is not null;

    /// <summary>Ends of sessions that the controller has not kept yet: usage is in them.</summary>
    public EndedSessions Ended { get; }

    /// <summary>Tells those who listen.</summary>
    public void Tell(AgentMessage message)
    {
        if (message.Session?.State == SessionState.SessionEnded && Config.Controller is not null)
        {
            Ended.Add(message);
        }
        Changed?.Invoke(message);
    }

    /// <summary>Takes up what runs already, then begins to serve.</summary>
    public void Run()
    {
        Watcher.Start();
        lock (Gate)
        {
            Leases.Load();
            Ended.Load();
            Sessions.Load();
            Workloads.Load();
            Start.Groups.RemoveEmpty();
            foreach (DeviceState device in Devices.DistinctBy(device => device.WorkerKind))
            {
                Farm.Refill(device);
            }
            Faults.Watch();
            Mover.Watch();
        }
    }

    /// <summary>The device of that name, or null.</summary>
    public DeviceState? Device(string uuid) =>
        Devices.FirstOrDefault(device => string.Equals(device.Uuid, uuid, StringComparison.OrdinalIgnoreCase));

    /// <summary>What a controller is told first: who this is, what it has, and what runs.</summary>
    public IReadOnlyList<AgentMessage> Introduction()
    {
        lock (Gate)
        {
            return
            [
                new AgentMessage { Hello = NodeFacts.Hello(this) },
                new AgentMessage
                {
                    Inventory = new Inventory { Devices = { Devices.Select(device => device.ToMessage()) } },
                },
                new AgentMessage
                {
                    Report = new Report
                    {
                        Leases = { Leases.Report() },
                        Sessions =
                        {
                            Sessions
                                .All.Where(session => !session.Record.IsArriving)
                                .Select(session => session.ToMessage()),
                        },
                        Workloads = { Workloads.Report() },
                    },
                },
                .. Leases.Lost(),
                .. Leases.Wanted(),
            ];
        }
    }

    /// <summary>Does what the controller says; it never waits.</summary>
    public void Obey(ControllerMessage message)
    {
        try
        {
            Carry(message);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // A full disk, mostly: no reason to lose the controller over it.
            Log.Error($"{message.BodyCase} was not carried out: {failure.Message}");
        }
    }

    private void Carry(ControllerMessage message)
    {
        lock (Gate)
        {
            switch (message.BodyCase)
            {
                case ControllerMessage.BodyOneofCase.Leases:
                    Leases.Reconcile(message.Leases.Leases);
                    Workloads.Reconcile(message.Leases.Workloads);
                    break;
                case ControllerMessage.BodyOneofCase.Grant:
                    Leases.Grant(message.Grant);
                    break;
                case ControllerMessage.BodyOneofCase.Revoke:
                    Leases.Revoke(message.Revoke.Lease, message.Revoke.Epoch, message.Revoke.Reason);
                    break;
                case ControllerMessage.BodyOneofCase.Device when message.Device.Action == DeviceAction.DeviceSelfTest:
                    Faults.Test(message.Device.Uuid);
                    break;
                case ControllerMessage.BodyOneofCase.WorkloadStart:
                    Workloads.Begin(message.WorkloadStart);
                    break;
                case ControllerMessage.BodyOneofCase.WorkloadStop:
                    Workloads.Stop(message.WorkloadStop);
                    break;
                case ControllerMessage.BodyOneofCase.Session:
                    Mover.Obey(message.Session);
                    break;
                case ControllerMessage.BodyOneofCase.Kept:
                    Ended.Kept(message.Kept.Sessions);
                    break;
                case ControllerMessage.BodyOneofCase.Room:
                    Mover.Room(message.Room);
                    break;
                case ControllerMessage.BodyOneofCase.Yield:
                    Yields.Yield(message.Yield);
                    break;
                case ControllerMessage.BodyOneofCase.OutputAcknowledged:
                    Workloads.Acknowledge(message.OutputAcknowledged);
                    break;
            }
        }
    }

    /// <summary>
    /// What is used now; workers are asked to note it, so figures other than memory may be those of the last time.
    /// </summary>
    public Heartbeat Heartbeat(ulong sequence)
    {
        lock (Gate)
        {
            Farm.AskUsage();
            var beat = new Heartbeat { Sequence = sequence };
            foreach (DeviceState device in Devices)
            {
                var usage = new DeviceUsage { Uuid = device.Uuid, BusyNs = device.EndedBusyNanoseconds };
                foreach (ClientSession session in Sessions.All.Where(session => session.Device == device))
                {
                    SessionUsage one = session.Usage();
                    usage.BusyNs += one.BusyNs;
                    usage.MemoryBytes += one.MemoryBytes;
                    beat.Sessions.Add(one);
                }
                beat.Devices.Add(usage);
            }
            return beat;
        }
    }
}
