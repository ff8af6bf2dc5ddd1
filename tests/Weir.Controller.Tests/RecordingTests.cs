using System.Text;
using Google.Protobuf;
using Weir.Controller.Tests.Support;
using Weir.Protocol.Agents;
using Weir.Protocol.Grpc;
using Weir.Protocol.Rest;
using Weir.Recordings;

namespace Weir.Controller.Tests;

/// <summary>What an agent of the last release said, played to today's controller (tests/Recordings/README.md).</summary>
public class RecordingTests
{
    private const string Agent = "agent-0.1.frames";

    [Fact]
    public async Task An_agent_of_the_last_release_is_understood()
    {
        await using var pool = await TestPool.StartAsync();
        await using RawAgent agent = await ConnectAsync(pool, "n1");
        var frames = Recording.Read(Agent);
        await Introduce(agent, frames);
        var devices = await pool.DevicesAsync();
        Assert.Equal(2, devices.Length);
        Assert.All(devices, device => Assert.Equal(("ready", "software"), (device.State, device.Kind)));

        foreach (var (kind, bytes) in frames.Skip(3))
        {
            agent.Send(bytes);
        }
        // The last word of the recording's devices, and what was used.
        await LeaseTests.Until(async () => (await pool.DevicesAsync()).Any(device => device.State == "faulty"));
        Assert.Contains("row remapping failed", (await pool.DevicesAsync()).Single(one => one.Fault is not null).Fault);
        var session = Assert.Single(
            await pool.Client.GetAsync("v1/sessions?all=true", RestJson.Default.SessionViewArray)
        );
        Assert.Equal(("ended", "client ended"), (session.State, session.Reason));
        Assert.Equal("/bin/test", session.Program);
        // The stream is as it was: a claim is told over it.
        var grant = await pool.ClaimAsync(new ClaimRequest { Compute = 10 });
        ControllerMessage? told;
        do
        {
            told = await agent.ReceiveAsync();
        } while (told is { Grant: null });
        Assert.Equal(grant.Lease.Id, told?.Grant.Lease);
        Assert.Equal(
            [
                "GrantRefused",
                "Health",
                "Heartbeat",
                "Hello",
                "Holder",
                "Inventory",
                "Output",
                "Report",
                "Session",
                "Workload",
            ],
            frames.Select(frame => frame.Kind).Distinct().Order()
        );
    }

    [Fact]
    public async Task What_a_newer_agent_adds_is_passed_over()
    {
        await using var pool = await TestPool.StartAsync();
        await using RawAgent agent = await ConnectAsync(pool, "n1");
        // Field 1000 as a string, in every message, and messages of a kind that is not known yet.
        byte[] addition = [0xC2, 0x3E, 3, (byte)'n', (byte)'e', (byte)'w'];
        var frames = Recording
            .Read(Agent)
            .Select(frame => (frame.Kind, Bytes: Framed([.. frame.Bytes[5..], .. addition])))
            .ToList();
        await Introduce(agent, frames);
        agent.Send(Framed([0xBA, 0x3E, 2, 8, 1]));
        foreach (var (_, bytes) in frames.Skip(3))
        {
            agent.Send(bytes);
        }
        await LeaseTests.Until(async () => (await pool.DevicesAsync()).Any(device => device.State == "faulty"));
    }

    [Fact(Explicit = true)]
    public async Task Record_a_controller()
    {
        await using var pool = await TestPool.StartAsync();
        var agent = await pool.NodeAsync("n1", devices: 2, memory: 1L << 30);
        var grant = await pool.ClaimAsync(
            new ClaimRequest
            {
                Count = 2,
                Compute = 50,
                Boot = "boot-of-n1",
            }
        );
        await agent.ExpectAsync(message => message.Grant is not null);
        await pool.EndAsync(grant.Lease.Id);
        await agent.ExpectAsync(message => message.Revoke is not null);
        string uuid = agent.Inventory.Devices[0].Uuid;
        await agent.SayAsync(
            new AgentMessage
            {
                Health = new DeviceHealth
                {
                    Uuid = uuid,
                    Healthy = false,
                    Reason = "rehearsed",
                },
            }
        );
        await LeaseTests.Until(async () => (await pool.DevicesAsync()).Any(device => device.State == "faulty"));
        await pool.Client.DoAsync<BackupRequest>(HttpMethod.Post, $"v1/devices/{uuid}/uncordon", null, null);
        await agent.ExpectAsync(message => message.Device is not null);
        var submitted = await pool.SubmitAsync(
            new WorkloadRequest
            {
                Name = "greet",
                Command = ["/bin/sh", "-c", "echo $GREETING; exec sleep 1000"],
                Directory = "/",
                Environment = new Dictionary<string, string> { ["GREETING"] = "hello" },
                ProcessorsMilli = 1500,
                HostMemoryBytes = 256 << 20,
                TimeLimitMs = 600_000,
            }
        );
        var start = (await agent.ExpectAsync(message => message.WorkloadStart is not null)).WorkloadStart;
        await agent.SayAsync(
            new AgentMessage
            {
                Workload = new WorkloadReport
                {
                    Workload = start.Workload,
                    Attempt = start.Attempt,
                    State = WorkloadState.WorkloadRunning,
                },
            }
        );
        await LeaseTests.Until(async () => (await pool.WorkloadAsync(submitted.Id)).State == "running");
        await pool.Client.DoAsync<BackupRequest>(HttpMethod.Delete, $"v1/workloads/{submitted.Id}", null, null);
        await agent.ExpectAsync(message => message.WorkloadStop is not null);
        await agent.SayAsync(
            new AgentMessage
            {
                Output = new WorkloadOutput
                {
                    Workload = start.Workload,
                    Attempt = start.Attempt,
                    Data = ByteString.CopyFromUtf8("hello\n"),
                    Last = true,
                },
            }
        );
        await agent.ExpectAsync(message => message.OutputAcknowledged is not null);
        List<(string, byte[])> lines = [("ticket", Encoding.UTF8.GetBytes(grant.Ticket.ToJson()))];
        lines.AddRange(agent.Received.Select(message => (message.BodyCase.ToString(), GrpcFrames.Frame(message))));
        Recording.Write("controller-0.1.frames", "gRPC frames of a controller, as an agent gets them", lines);
    }

    private static async Task<RawAgent> ConnectAsync(TestPool pool, string name)
    {
        await using var joined = await FakeAgent.JoinAsync(pool.Host, (await pool.TokenAsync("join")).Token, name);
        return await RawAgent.ConnectAsync(
            pool.Host.Identity.Address,
            pool.Host.Identity.Fingerprint,
            joined.Credential
        );
    }

    // Hello, inventory and report; the controller's answers are those that the agent of that release waited for.
    private static async Task Introduce(RawAgent agent, IReadOnlyList<(string Kind, byte[] Bytes)> frames)
    {
        Assert.Equal(["Hello", "Inventory", "Report"], frames.Take(3).Select(frame => frame.Kind));
        foreach (var (_, bytes) in frames.Take(3))
        {
            agent.Send(bytes);
        }
        Assert.Equal(1u, (await agent.ReceiveAsync())!.Welcome.Version.Major);
        Assert.NotNull((await agent.ReceiveAsync())!.Leases);
    }

    private static byte[] Framed(byte[] body) =>
        [0, (byte)(body.Length >> 24), (byte)(body.Length >> 16), (byte)(body.Length >> 8), (byte)body.Length, .. body];
}
