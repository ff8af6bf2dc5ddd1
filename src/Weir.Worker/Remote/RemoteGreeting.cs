using System.Text;
using Weir.Api;
using Weir.Remote;
using Weir.Remote.Links;
using Weir.Remote.Sessions;
using Weir.Wire;
using Weir.Worker.Attach;
using Weir.Worker.Devices;
using Weir.Worker.Sessions;
using Libc = Weir.Posix.Libc;

namespace Weir.Worker.Remote;

/// <summary>
/// The greeting of a client on another node: its relay passes on what the shim says. The worker maps only what it needs itself: the window,
/// where device memory will lie, and rings that only this process sees. The client's page-locked memory stays over there.
/// </summary>
internal sealed unsafe class RemoteGreeting(RemoteDoor door, IDeviceBackend backend) : ILinkReceiver
{
    private const int MaxWindowAttempts = 64;

    private Session? _session;
    private string? _refusal;

    /// <summary>The program's path, as the client says.</summary>
    public string Program { get; private set; } = "";

    /// <summary>Greets; null when the client went away or was refused.</summary>
    public Session? Greet()
    {
        for (int attempt = 0; attempt < MaxWindowAttempts && _session is null && _refusal is null; attempt++)
        {
            if (!door.Calls.Receive(this))
            {
                return null;
            }
        }
        if (_session is null)
        {
            door.Calls.Drain(TimeSpan.FromSeconds(1));
        }
        return _session;
    }

    byte* ILinkReceiver.Place(in FrameHeader header, ReadOnlySpan<byte> head) =>
        throw new RemoteException("bulk came before the greeting");

    void ILinkReceiver.Arrived(in FrameHeader header, ReadOnlySpan<byte> head, byte* data)
    {
        if (header.Kind != FrameKind.Hello || !Hello.TryDecode(head, out Hello hello, out ReadOnlySpan<byte> name))
        {
            throw new RemoteException("the client's greeting is malformed");
        }
        Program = Encoding.UTF8.GetString(name);
        if (hello.Version != SegmentLayout.Version || !CallTable.Serves(hello.ApiHash))
        {
            Refuse(WelcomeStatus.VersionMismatch, Attachment.NewerClient);
            return;
        }
        var window = new Window(hello.WindowBase, hello.WindowBytes, HostIsElsewhere: true);
        if ((hello.Flags & Hello.SnapshotOnly) != 0)
        {
            _refusal = "";
            Answer(new Welcome { ApiHash = hello.ApiHash }, "", backend.Snapshot);
        }
        else if (!Mapping.TryReserve(window))
        {
            Answer(new Welcome { Status = (uint)WelcomeStatus.WindowTaken }, "", []);
        }
        else
        {
            Open(window, hello);
        }
    }

    private void Open(Window window, in Hello hello)
    {
        if (Open(door, backend, window, (hello.Flags & Hello.CanMove) != 0) is not { } session)
        {
            Refuse(WelcomeStatus.Refused, "the worker has no memory for a session");
            return;
        }
        _session = session;
        ulong apiHash = hello.ApiHash;
        var welcome = new Welcome
        {
            ApiHash = apiHash,
            SegmentBytes = (ulong)SegmentLayout.SegmentBytes,
            WindowBase = window.Base,
            WindowBytes = window.Bytes,
            DeviceIsElsewhere = backend.PlacesDeviceMemory ? 0u : 1u,
            HostIsElsewhere = 1,
        };
        Answer(welcome, "", backend.Snapshot);
    }

    /// <summary>A session in a window that is reserved, with rings of this process' own; null when there is no memory for them.</summary>
    /// <param name="door">Where its client comes in.</param>
    /// <param name="backend">Its device.</param>
    /// <param name="window">Its addresses.</param>
    /// <param name="canMove">See <see cref="RemoteClient.CanMove"/>.</param>
    /// <param name="journal">What it consists of already.</param>
    public static Session? Open(
        RemoteDoor door,
        IDeviceBackend backend,
        Window window,
        bool canMove,
        Portable.Journal? journal = null
    )
    {
        nint mapped = Libc.mmap(
            0,
            (nuint)SegmentLayout.SegmentBytes,
            Libc.PROT_READ | Libc.PROT_WRITE,
            Libc.MAP_PRIVATE | Libc.MAP_ANONYMOUS | Libc.MAP_NORESERVE,
            -1,
            0
        );
        if (mapped == -1)
        {
            return null;
        }
        var staging = new RemoteStaging();
        var session = new Session(
            (byte*)mapped,
            window,
            hostMemory: -1,
            backend.Open(window),
            backend.Snapshot,
            staging
        )
        {
            Journal = journal ?? new Portable.Journal(),
            Slice = backend.Slice,
        };
        session.Remote = new RemoteClient(session, door.Calls, door.Bulk, staging, canMove);
        Volatile.Write(ref session.Control->State, (uint)SessionState.Open);
        return session;
    }

    private void Refuse(WelcomeStatus status, string text)
    {
        _refusal = text;
        Answer(new Welcome { Status = (uint)status }, text, []);
    }

    private void Answer(Welcome welcome, string text, byte[] snapshot)
    {
        welcome.WorkerPid = Environment.ProcessId;
        welcome.ApiHash = welcome.ApiHash == 0 ? CallTable.Fingerprint : welcome.ApiHash;
        door.Calls.Send(FrameKind.Welcome, Welcome.Encode(welcome, Encoding.UTF8.GetBytes(text), snapshot));
    }
}
