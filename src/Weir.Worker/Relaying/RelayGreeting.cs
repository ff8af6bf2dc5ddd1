using System.Runtime.InteropServices;
using System.Text;
using Weir.Api;
using Weir.Posix;
using Weir.Remote;
using Weir.Remote.Links;
using Weir.Remote.Sessions;
using Weir.Wire;
using Weir.Worker.Logging;
using Weir.Worker.Sessions;

namespace Weir.Worker.Relaying;

/// <summary>
/// The greeting, passed on: what the shim says goes to the worker, and the worker's welcome comes back, with the descriptors of what client and
/// relay share.
/// </summary>
internal sealed unsafe class RelayGreeting(int client, Shard[] shards) : ILinkReceiver
{
    private byte[]? _welcome;

    /// <summary>What client and relay share now; null when it wanted only a snapshot, went away, or was refused.</summary>
    /// <exception cref="RemoteException">The worker broke the protocol or is gone.</exception>
    public RelayedClient? Greet()
    {
        byte[] buffer = new byte[Hello.FixedBytes + Hello.MaxProgramBytes + 1];
        while (true)
        {
            int length = UnixSocket.Receive(client, buffer, out int descriptor);
            if (descriptor >= 0)
            {
                _ = Posix.Libc.close(descriptor);
            }
            if (length <= 0)
            {
                return null;
            }
            if (!Hello.TryDecode(buffer.AsSpan(0, length), out Hello hello, out _))
            {
                Log.Error("the client's greeting is malformed");
                return null;
            }
            if (GreetAll(hello, buffer.AsSpan(0, length), out byte[] refusal) is { } snapshot)
            {
                return Open(_welcome!, hello, snapshot);
            }
            _ = UnixSocket.Send(client, refusal);
            if (
                !Welcome.TryDecode(refusal, out Welcome answer, out _, out _)
                || answer.Status != (uint)WelcomeStatus.WindowTaken
            )
            {
                return null;
            }
        }
    }

    // Each worker gets its part of the window's device half, so that an address says whose it is; and gives its devices.
    private byte[]? GreetAll(Hello hello, ReadOnlySpan<byte> message, out byte[] refusal)
    {
        ulong part = hello.WindowBytes / 2 / System.Numerics.BitOperations.RoundUpToPowerOf2((uint)shards.Length);
        byte[] snapshot = [];
        refusal = [];
        foreach (Shard shard in shards)
        {
            Hello own = hello;
            own.WindowBase = hello.WindowBase + part * (ulong)shard.Index;
            own.WindowBytes = 2 * part;
            own.Flags |= shards.Length == 1 ? Hello.CanMove : 0;
            byte[] asked = message.ToArray();
            MemoryMarshal.Write(asked, in own);
            shard.Calls.Send(FrameKind.Hello, asked);
            _welcome = null;
            while (_welcome is null)
            {
                if (!shard.Calls.Receive(this))
                {
                    throw new RemoteException(shard.Calls.Ended!);
                }
            }
            if (!Welcome.TryDecode(_welcome, out Welcome welcome, out _, out ReadOnlySpan<byte> devices))
            {
                throw new RemoteException("the worker's welcome is malformed");
            }
            if (welcome.Status != (uint)WelcomeStatus.Ok || (hello.Flags & Hello.SnapshotOnly) != 0)
            {
                if (shard.Index > 0 && welcome.Status == (uint)WelcomeStatus.WindowTaken)
                {
                    throw new RemoteException("the workers of the session have no addresses in common");
                }
                refusal = _welcome;
                return null;
            }
            if (welcome.DeviceIsElsewhere != 0 && shards.Length > 1)
            {
                throw new RemoteException("devices whose driver places memory itself cannot be joined with others yet");
            }
            shard.WindowBase = own.WindowBase;
            shard.WindowBytes = part;
            shard.FirstDevice = SnapshotMerge.DeviceCount(snapshot);
            shard.DeviceCount = SnapshotMerge.DeviceCount(devices);
            snapshot = SnapshotMerge.Append(snapshot, devices);
        }
        return snapshot;
    }

    /// <summary>Tells a client that there is no session for it.</summary>
    public static void Refuse(int client, string reason)
    {
        var welcome = new Welcome
        {
            Status = (uint)WelcomeStatus.Refused,
            WorkerPid = Environment.ProcessId,
            ApiHash = CallTable.Fingerprint,
        };
        _ = UnixSocket.Send(client, Welcome.Encode(welcome, Encoding.UTF8.GetBytes(reason), []));
    }

    byte* ILinkReceiver.Place(in FrameHeader header, ReadOnlySpan<byte> head) =>
        throw new RemoteException("bulk came before the welcome");

    void ILinkReceiver.Arrived(in FrameHeader header, ReadOnlySpan<byte> head, byte* data)
    {
        if (header.Kind != FrameKind.Welcome)
        {
            throw new RemoteException("the worker does not begin with a welcome");
        }
        _welcome = head.ToArray();
    }

    private RelayedClient? Open(byte[] lastWelcome, in Hello hello, ReadOnlySpan<byte> snapshot)
    {
        _ = Welcome.TryDecode(lastWelcome, out Welcome welcome, out _, out _);
        if (RelayedClient.Create(new Window(hello.WindowBase, hello.WindowBytes)) is not { } shared)
        {
            Refuse(client, "there is no memory for a session here");
            return null;
        }
        welcome.WorkerPid = Environment.ProcessId;
        welcome.WindowBase = hello.WindowBase;
        welcome.WindowBytes = hello.WindowBytes;
        byte[] answer = Welcome.Encode(welcome, [], RemoteSnapshot.Adapt(snapshot));
        int* descriptors = stackalloc int[2];
        descriptors[0] = shared.SegmentFile;
        descriptors[1] = shared.HostFile;
        bool sent;
        fixed (byte* data = answer)
        {
            sent = DescriptorSocket.TrySend(client, data, (nuint)answer.Length, descriptors, 2);
        }
        shared.CloseFiles();
        return sent ? shared : null;
    }
}
