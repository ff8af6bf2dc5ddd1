using System.Text;
using System.Text.Json;
using Google.Protobuf.Reflection;
using Weir.Agent.Tests.Support;
using Weir.Api;
using Weir.Posix;
using Weir.Protocol.Agents;
using Weir.Protocol.Grpc;
using Weir.Recordings;
using Weir.Remote;
using Weir.Remote.Control;
using Weir.Worker.Tests.Support;

namespace Weir.Agent.Tests;

/// <summary>What controllers and holders of the last release said, played to today's agent (tests/Recordings/README.md).</summary>
public class RecordingTests
{
    private const string Controller = "controller-0.1.frames";
    private const string Holder = "holder-0.1.messages";
    private const string Descriptor = "agents-0.1.descriptor";

    [Fact]
    public async Task A_controller_of_the_last_release_is_obeyed()
    {
        using var run = AgentRun.Start(2);
        using OperatorClient op = run.Operator();
        IReadOnlyList<Device> devices = op.Devices();
        string secret = "";
        TestHolder? holder = null;
        WireClient? client = null;
        HashSet<string> played = [];
        foreach ((string kind, byte[] bytes) in Recording.Read(Controller))
        {
            if (kind == "ticket")
            {
                secret = JsonDocument.Parse(bytes).RootElement.GetProperty("secret").GetString()!;
                continue;
            }
            ControllerMessage message = (
                await GrpcFrames.ReadAsync(
                    new MemoryStream(bytes),
                    ControllerMessage.Parser,
                    TestContext.Current.CancellationToken
                )
            )!;
            Assert.Equal(kind, message.BodyCase.ToString());
            Assert.NotEqual(ControllerMessage.BodyOneofCase.None, message.BodyCase);
            played.Add(kind);
            ToDevicesOfThisMachine(message, devices);
            op.Send(message);
            switch (message.BodyCase)
            {
                case ControllerMessage.BodyOneofCase.Welcome:
                    Assert.Equal((1u, 0u), (message.Welcome.Version.Major, message.Welcome.Version.Minor));
                    _ = op.Next(heard => heard.Heartbeat is not null);
                    break;
                case ControllerMessage.BodyOneofCase.Grant when holder is null:
                    LeaseGrant grant = message.Grant;
                    holder = TestHolder.Hold(run, new TestLease(grant.Lease, (long)grant.Epoch, secret, grant));
                    client = holder.Attach(1);
                    Assert.Equal(grant.Shares[1].MemoryBytes, new DeviceContext(client).MemGetInfo().Total);
                    break;
                case ControllerMessage.BodyOneofCase.Revoke:
                    SessionReport end = op.Next(heard => heard.Session?.State == SessionState.SessionEnded).Session;
                    Assert.Equal($"lease ended: {message.Revoke.Reason}", end.Reason);
                    break;
                case ControllerMessage.BodyOneofCase.Device:
                    Assert.True(op.Next(heard => heard.Health is not null).Health.Healthy);
                    break;
                case ControllerMessage.BodyOneofCase.WorkloadStart:
                    WorkloadOutput output = op.Next(heard => heard.Output is not null).Output;
                    Assert.Equal($"{message.WorkloadStart.Environment["GREETING"]}\n", output.Data.ToStringUtf8());
                    break;
                case ControllerMessage.BodyOneofCase.WorkloadStop:
                    WorkloadReport stopped = op.Next(heard =>
                        heard.Workload?.State == WorkloadState.WorkloadEnded
                    ).Workload;
                    Assert.Equal(message.WorkloadStop.Reason, stopped.Reason);
                    AgentRun.Becomes(
                        () => op.Heard.Any(heard => heard.Output is { Last: true }),
                        "its output has ended"
                    );
                    break;
                case ControllerMessage.BodyOneofCase.OutputAcknowledged:
                    AgentRun.Becomes(
                        () => Directory.GetDirectories(run.Folders.Workloads).Length == 0,
                        "what was acknowledged is forgotten"
                    );
                    break;
            }
        }
        client?.Dispose();
        holder?.Dispose();
        // All that a controller of that release could say.
        Assert.Equal(
            ["Device", "Grant", "Leases", "OutputAcknowledged", "Revoke", "Welcome", "WorkloadStart", "WorkloadStop"],
            played.Order()
        );
    }

    [Fact]
    public unsafe void A_holder_of_the_last_release_is_served_and_understands_the_answers()
    {
        using var run = AgentRun.Start();
        using OperatorClient op = run.Operator();
        IReadOnlyList<Device> devices = op.Devices();
        IReadOnlyList<(string Kind, byte[] Bytes)> lines = Recording.Read(Holder);
        using JsonDocument first = JsonDocument.Parse(lines[0].Bytes);
        string secret = first.RootElement.GetProperty("secret").GetString()!;
        _ = op.Grant(first.RootElement.GetProperty("lease").GetString()!, 1, devices, 64 << 20, secret: secret);
        int socket = UnixSocket.Connect(run.Folders.Socket);
        Assert.True(socket >= 0);
        string session = "";
        string recordedSession = "";
        WireClient? client = null;
        int* pair = stackalloc int[2];
        foreach ((string kind, byte[] bytes) in lines)
        {
            if (kind == "holder")
            {
                byte[] said = Encoding.UTF8.GetBytes(
                    Encoding.UTF8.GetString(bytes).Replace(Placed(recordedSession), session, StringComparison.Ordinal)
                );
                int given = -1;
                if (Encoding.UTF8.GetString(said).Contains("\"handOver\"", StringComparison.Ordinal))
                {
                    Assert.Equal(0, Libc.socketpair(Libc.AF_UNIX, Libc.SOCK_SEQPACKET | Libc.SOCK_CLOEXEC, 0, pair));
                    given = pair[1];
                }
                Assert.True(UnixSocket.Send(socket, said, given));
                if (given >= 0)
                {
                    _ = Libc.close(given);
                    client = WireClient.Attach(pair[0]);
                    Assert.Equal(CuResult.Success, new DeviceContext(client).Synchronize());
                    // The end that is awaited next.
                    client.Dispose();
                }
                continue;
            }
            // What an agent answered then: today's says at least the same, and today's holder understands it as it was.
            byte[] buffer = new byte[ControlChannel.MaxBytes];
            int length = UnixSocket.Receive(socket, buffer, out _);
            Assert.True(length > 0, $"the agent closed the channel instead of {Encoding.UTF8.GetString(bytes)}");
            using JsonDocument now = JsonDocument.Parse(buffer.AsMemory(0, length));
            using JsonDocument then = JsonDocument.Parse(bytes);
            AssertSaysAsMuch(then.RootElement, now.RootElement, "");
            ControlMessage understood = JsonSerializer.Deserialize(bytes, RemoteJson.Default.ControlMessage)!;
            Assert.NotEqual(typeof(ControlMessage), understood.GetType());
            if (understood is SessionOffered offered)
            {
                recordedSession = offered.Offer.Session;
                session = now.RootElement.GetProperty("offer").GetProperty("session").GetString()!;
            }
        }
        Assert.NotNull(client);
        _ = Libc.close(socket);
    }

    [Fact]
    public void What_a_newer_neighbour_adds_is_passed_over()
    {
        using var run = AgentRun.Start();
        using OperatorClient op = run.Operator();
        TestLease lease = op.Grant("l-1", 1, op.Devices(), 64 << 20);
        // A message that this release does not know, and a known one with a field more.
        op.Send(new ControllerMessage());
        using TestHolder holder = TestHolder.Hold(run, lease);
        holder.SendText("""{"type":"aMessageOfTheNextRelease","what":{"ever":[1,2]}}""");
        holder.SendText("""{"type":"open","request":7,"pid":1,"program":"p","remote":false,"colour":"red"}""");
        Assert.Equal(7, Assert.IsType<SessionOffered>(holder.Receive()).Request);
        ControlMessage strange = JsonSerializer.Deserialize(
            """{"type":"aMessageOfTheNextRelease","what":1}""",
            RemoteJson.Default.ControlMessage
        )!;
        Assert.Equal(typeof(ControlMessage), strange.GetType());
    }

    [Fact]
    public void Fields_keep_their_numbers_names_and_types()
    {
        FileDescriptorProto then = FileDescriptorProto.Parser.ParseFrom(Recording.Read(Descriptor).Single().Bytes);
        FileDescriptorProto now = FileDescriptorProto.Parser.ParseFrom(AgentsReflection.Descriptor.SerializedData);
        List<string> broken = [];
        foreach (DescriptorProto message in then.MessageType)
        {
            DescriptorProto? kept = now.MessageType.FirstOrDefault(one => one.Name == message.Name);
            foreach (FieldDescriptorProto field in message.Field)
            {
                FieldDescriptorProto? same = kept?.Field.FirstOrDefault(one => one.Number == field.Number);
                if (
                    same is null
                    || (same.Name, same.Type, same.Label, same.TypeName)
                        != (field.Name, field.Type, field.Label, field.TypeName)
                    || same.HasOneofIndex != field.HasOneofIndex
                )
                {
                    broken.Add($"{message.Name}.{field.Name} = {field.Number}");
                }
            }
        }
        foreach (EnumDescriptorProto values in then.EnumType)
        {
            EnumDescriptorProto? kept = now.EnumType.FirstOrDefault(one => one.Name == values.Name);
            broken.AddRange(
                values
                    .Value.Where(value =>
                        kept?.Value.Any(one => one.Name == value.Name && one.Number == value.Number) != true
                    )
                    .Select(value => $"{value.Name} = {value.Number}")
            );
        }
        Assert.True(broken.Count == 0, $"the last release knows these otherwise: {string.Join(", ", broken)}");
    }

    [Fact(Explicit = true)]
    public void Record_a_holder_and_the_descriptor()
    {
        Recording.Write(
            Descriptor,
            "src/Weir.Protocol/Agents/agents.proto as a FileDescriptorProto",
            [("descriptor", AgentsReflection.Descriptor.SerializedData.ToByteArray())]
        );
        using var run = AgentRun.Start();
        using OperatorClient op = run.Operator();
        TestLease lease = op.Grant("l-1", 1, op.Devices(), 64 << 20);
        List<(string, byte[])> lines = [];
        using (var holder = TestHolder.Listen(run, lines))
        {
            holder.Claim(lease);
            holder.Attach().Dispose();
            _ = holder.Receive();
            Assert.IsType<Refused>(holder.Ask(9));
            holder.Release();
        }
        Recording.Write(Holder, "JSON texts as they were in the packets of the unix socket", lines);
    }

    [Fact(Explicit = true)]
    public void Record_an_agent()
    {
        using var run = AgentRun.StartFailing();
        using OperatorClient op = run.Operator();
        IReadOnlyList<Device> devices = op.Devices();
        TestLease lease = op.Grant("l-1", 1, [devices[1]], 64 << 20, graceMs: 1);
        using (TestHolder holder = TestHolder.Hold(run, lease))
        {
            using WireClient client = holder.Attach();
            var context = new DeviceContext(client);
            Assert.Equal(CuResult.Success, context.Alloc(10 << 20, out _));
            Assert.NotEmpty(op.Usage().Sessions);
            client.Dispose();
            _ = op.Next(message => message.Session?.State == SessionState.SessionEnded);
        }
        _ = op.Next(message => message.Holder?.State == HolderState.HolderLost);
        File.WriteAllText(run.FaultOfFirst, "row remapping failed");
        _ = op.Next(message => message.Health is not null);
        _ = op.Grant("l-2", 1, [devices[0]], 64 << 20);
        _ = op.Next(message => message.GrantRefused is not null);
        op.Send(
            new ControllerMessage
            {
                WorkloadStart = new WorkloadStart
                {
                    Workload = "w-1",
                    Attempt = 1,
                    Command = { "/bin/sh", "-c", "echo hello" },
                },
            }
        );
        _ = op.Next(message => message.Output is { Last: true });
        File.Delete(run.FaultOfFirst);
        // As the stream to a controller goes: the introduction once, then what changed.
        Recording.Write(
            "agent-0.1.frames",
            "gRPC frames of an agent's stream, as a controller gets them",
            op.Heard.Where(
                    (message, i) =>
                        i < 3 || message.Hello is null && message.Inventory is null && message.Report is null
                )
                .Select(message => (message.BodyCase.ToString(), GrpcFrames.Frame(message)))
        );
    }

    // Devices have names of their machine: the recording's are replaced in order.
    private static void ToDevicesOfThisMachine(ControllerMessage message, IReadOnlyList<Device> devices)
    {
        IEnumerable<Share> shares = message.BodyCase switch
        {
            ControllerMessage.BodyOneofCase.Grant => message.Grant.Shares,
            ControllerMessage.BodyOneofCase.Leases => message.Leases.Leases.SelectMany(lease => lease.Shares),
            _ => [],
        };
        foreach (Share share in shares)
        {
            share.Uuid = devices[(int)share.Ordinal % devices.Count].Uuid;
        }
        if (message.BodyCase == ControllerMessage.BodyOneofCase.Device)
        {
            message.Device.Uuid = devices[0].Uuid;
        }
    }

    private static string Placed(string session) => session.Length > 0 ? session : "no session yet";

    private static void AssertSaysAsMuch(JsonElement then, JsonElement now, string place)
    {
        Assert.True(then.ValueKind == now.ValueKind || IsTruth(then, now), $"{place} was {then}, is {now}");
        if (then.ValueKind != JsonValueKind.Object)
        {
            if (place == ".type")
            {
                Assert.Equal(then.GetString(), now.GetString());
            }
            return;
        }
        foreach (JsonProperty property in then.EnumerateObject())
        {
            Assert.True(
                now.TryGetProperty(property.Name, out JsonElement value),
                $"{place}.{property.Name} is missing"
            );
            AssertSaysAsMuch(property.Value, value, $"{place}.{property.Name}");
        }
    }

    private static bool IsTruth(JsonElement then, JsonElement now) =>
        then.ValueKind is JsonValueKind.True or JsonValueKind.False
        && now.ValueKind is JsonValueKind.True or JsonValueKind.False;
}
