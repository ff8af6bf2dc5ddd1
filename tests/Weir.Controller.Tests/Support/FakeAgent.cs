using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Weir.Controller.Serving;
using Weir.Protocol;
using Weir.Protocol.Agents;
using Weir.Protocol.Grpc;

namespace Weir.Controller.Tests.Support;

/// <summary>
/// An agent without devices behind it: the real client of the protocol, with the book-keeping of leases that an agent has.
/// </summary>
internal sealed class FakeAgent(string address, string fingerprint, string credential, string name) : IAsyncDisposable
{
    private AgentsClient? _client;
    private AgentStream? _stream;
    private Task _receiving = Task.CompletedTask;
    private Task _beating = Task.CompletedTask;
    private CancellationTokenSource _ending = new();

    public string Name => name;

    public string Credential => credential;

    public Inventory Inventory { get; } = new();

    public string Rack { get; set; } = "";

    /// <summary>Answers when leases are asked to yield, with a refusal or ""; null: the test answers.</summary>
    public Func<LeaseYield, string>? Yields { get; set; }

    public Protocol.Agents.Version Version { get; set; } =
        new()
        {
            Major = ProtocolVersion.Major,
            Minor = ProtocolVersion.Minor,
            Release = "test",
        };

    /// <summary>Leases that the controller says are granted, by id.</summary>
    public ConcurrentDictionary<string, LeaseGrant> Leases { get; } = new();

    /// <summary>Leases whose holder this agent says is there.</summary>
    public ConcurrentDictionary<string, ulong> Held { get; } = new();

    /// <summary>Workloads that this agent has.</summary>
    public ConcurrentDictionary<string, WorkloadStart> Workloads { get; } = new();

    public ConcurrentQueue<ControllerMessage> Received { get; } = new();

    /// <summary>Leases whose sessions this agent says are off their devices.</summary>
    public ConcurrentDictionary<string, bool> Off { get; } = new();

    /// <summary>Promises that exceeded a device, found when grants came.</summary>
    public ConcurrentQueue<string> Overruns { get; } = new();

    /// <summary>How the stream ended.</summary>
    public Exception? Refusal { get; private set; }

    public static Task<FakeAgent> JoinAsync(ControllerHost host, string token, string name) =>
        JoinAsync(host.Identity.Address, host.Identity.Fingerprint, token, name);

    public static async Task<FakeAgent> JoinAsync(string address, string fingerprint, string token, string name)
    {
        using var client = new AgentsClient(address, fingerprint);
        var reply = await client.JoinAsync(
            new JoinRequest
            {
                Token = token,
                Node = name,
                Version = new Protocol.Agents.Version { Major = ProtocolVersion.Major },
            },
            CancellationToken.None
        );
        return new FakeAgent(address, fingerprint, reply.Credential, name);
    }

    public void AddDevices(int count, long memory, string model)
    {
        for (int i = 0; i < count; i++)
        {
            int ordinal = Inventory.Devices.Count;
            string hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{name}/{ordinal}")));
            Inventory.Devices.Add(
                new Device
                {
                    Uuid = $"GPU-{hash[..8]}-{hash[8..12]}-{hash[12..16]}-{hash[16..20]}-{hash[20..32]}",
                    Ordinal = (uint)ordinal,
                    Kind = "software",
                    Model = model,
                    MemoryBytes = (ulong)memory,
                    Healthy = true,
                }
            );
        }
    }

    /// <summary>Opens the stream and reconciles; returns when the controller told all leases, or refused.</summary>
    public async Task ConnectAsync(string? at = null)
    {
        Refusal = null;
        _ending = new CancellationTokenSource();
        _client = new AgentsClient(at ?? address, fingerprint);
        _stream = await _client.ConnectAsync(credential, _ending.Token);
        var reconciled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _receiving = ReceiveAsync(_stream, reconciled, _ending.Token);
        try
        {
            await SayAsync(
                new AgentMessage
                {
                    Hello = new Hello
                    {
                        Version = Version,
                        Node = name,
                        Boot = "boot-of-" + name,
                        Address = "127.0.0.1:1",
                        Fingerprint = new string('a', 64),
                        Socket = "/run/weir/agent.sock",
                        Processors = 8,
                        HostMemoryBytes = 16UL << 30,
                        Rack = Rack,
                    },
                }
            );
            await SayAsync(new AgentMessage { Inventory = Inventory });
            var report = new Report();
            foreach (var lease in Leases.Values)
            {
                report.Leases.Add(
                    new HeldLease
                    {
                        Lease = lease.Lease,
                        Epoch = lease.Epoch,
                        Held = Held.ContainsKey(lease.Lease),
                    }
                );
            }
            foreach (var workload in Workloads.Values)
            {
                report.Workloads.Add(
                    new WorkloadReport
                    {
                        Workload = workload.Workload,
                        Attempt = workload.Attempt,
                        State = WorkloadState.WorkloadRunning,
                    }
                );
            }
            await SayAsync(new AgentMessage { Report = report });
        }
        catch (IOException)
        {
            // Refused meanwhile: the receiver knows why.
        }
        await Task.WhenAny(reconciled.Task, _receiving).WaitAsync(TimeSpan.FromSeconds(90));
        _beating = BeatAsync(_ending.Token);
    }

    public Task SayAsync(AgentMessage message) => _stream!.SendAsync(message, _ending.Token);

    public Task HolderAsync(string lease, HolderState state)
    {
        if (state == HolderState.HolderPresent)
        {
            Held[lease] = Leases[lease].Epoch;
        }
        else
        {
            Held.TryRemove(lease, out _);
        }
        return SayAsync(
            new AgentMessage
            {
                Holder = new HolderChange
                {
                    Lease = lease,
                    Epoch = Leases[lease].Epoch,
                    State = state,
                },
            }
        );
    }

    /// <summary>A lease's sessions are off their devices, or cannot be.</summary>
    public Task YieldedAsync(LeaseYield order, string refusal = "")
    {
        if (refusal.Length == 0)
        {
            Off[order.Lease] = true;
        }
        return SayAsync(
            new AgentMessage
            {
                Yielded = new LeaseYielded
                {
                    Lease = order.Lease,
                    Epoch = order.Epoch,
                    Refusal = refusal,
                },
            }
        );
    }

    /// <summary>The first message that meets a condition, now or soon.</summary>
    public async Task<ControllerMessage> ExpectAsync(Func<ControllerMessage, bool> condition)
    {
        for (int tries = 0; tries < 9000; tries++)
        {
            if (Received.FirstOrDefault(condition) is { } found)
            {
                return found;
            }
            await Task.Delay(10);
        }
        throw new TimeoutException(
            $"the controller did not say it; it said {string.Join(", ", Received.Select(one => one.BodyCase))}"
        );
    }

    public async Task DisconnectAsync()
    {
        await _ending.CancelAsync();
        await _receiving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _beating.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (_stream is not null)
        {
            await _stream.DisposeAsync();
        }
        _client?.Dispose();
    }

    public async ValueTask DisposeAsync() => await DisconnectAsync();

    // A controller takes a node for away that is silent for long; a slow machine makes tests long.
    private async Task BeatAsync(CancellationToken ending)
    {
        try
        {
            while (true)
            {
                await Task.Delay(TimeSpan.FromSeconds(2), ending);
                await SayAsync(new AgentMessage { Heartbeat = new Heartbeat() });
            }
        }
        catch (Exception error) when (error is OperationCanceledException or IOException or InvalidOperationException)
        {
            // The stream is over.
        }
    }

    private async Task ReceiveAsync(AgentStream stream, TaskCompletionSource reconciled, CancellationToken ending)
    {
        try
        {
            while (await stream.ReceiveAsync(ending) is { } message)
            {
                Take(message);
                Received.Enqueue(message);
                if (message.BodyCase == ControllerMessage.BodyOneofCase.Leases)
                {
                    reconciled.TrySetResult();
                }
            }
        }
        catch (Exception error)
            when (error
                    is GrpcException
                        or IOException
                        or HttpRequestException
                        or OperationCanceledException
                        or InvalidDataException
            )
        {
            Refusal = error;
        }
    }

    private void Take(ControllerMessage message)
    {
        switch (message.BodyCase)
        {
            case ControllerMessage.BodyOneofCase.Leases:
                Leases.Clear();
                Off.Clear();
                foreach (var lease in message.Leases.Leases)
                {
                    Leases[lease.Lease] = lease;
                    if (lease.Released)
                    {
                        Off[lease.Lease] = true;
                    }
                }
                foreach (string gone in Held.Keys.Where(lease => !Leases.ContainsKey(lease)))
                {
                    Held.TryRemove(gone, out _);
                }
                Check();
                break;
            case ControllerMessage.BodyOneofCase.Grant:
                Leases[message.Grant.Lease] = message.Grant;
                Check();
                break;
            case ControllerMessage.BodyOneofCase.Revoke:
                Leases.TryRemove(message.Revoke.Lease, out _);
                Held.TryRemove(message.Revoke.Lease, out _);
                break;
            case ControllerMessage.BodyOneofCase.Yield when Yields is { } answer:
                _ = YieldedAsync(message.Yield, answer(message.Yield));
                break;
            case ControllerMessage.BodyOneofCase.Room:
                Off.TryRemove(message.Room.Lease, out _);
                Check();
                break;
            case ControllerMessage.BodyOneofCase.WorkloadStart:
                Workloads[message.WorkloadStart.Workload] = message.WorkloadStart;
                break;
        }
    }

    // What an agent would see: no device is promised twice at any moment.
    private void Check()
    {
        foreach (var device in Inventory.Devices)
        {
            var shares = Leases
                .Values.Where(lease => !Off.ContainsKey(lease.Lease))
                .SelectMany(lease => lease.Shares)
                .Where(share => share.Uuid == device.Uuid)
                .ToList();
            if (
                shares.Sum(share => share.Compute) > 100
                || shares.Sum(share => (long)share.MemoryBytes) > (long)device.MemoryBytes
            )
            {
                Overruns.Enqueue(
                    $"{device.Uuid}: {string.Join(", ", shares.Select(share => $"{share.Compute} % {share.MemoryBytes >> 20} MiB"))}"
                );
            }
        }
    }
}
