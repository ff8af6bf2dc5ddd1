using System.Text;
using Weir.Api;
using Weir.Posix;
using Weir.Wire;
using Weir.Worker.Devices;
using Weir.Worker.Logging;
using Weir.Worker.Sessions;
using Libc = Weir.Posix.Libc;

namespace Weir.Worker.Attach;

/// <summary>
/// The worker's side of the greeting (src/Weir.Wire/README.md): reads hello, maps window and segment, answers welcome.
/// </summary>
internal static unsafe class Attachment
{
    /// <summary>Why a client of a release that comes after this one, or that is too old, gets no session.</summary>
    internal const string NewerClient =
        "the client library's release is not served by this worker: bring the node to the same release or a newer one (nodes first, then clients)";

    private const int MaxWindowAttempts = 64;

    /// <summary>
    /// Greets the client behind <paramref name="socket"/>. Null when it wanted only the snapshot, went away or was
    /// refused (it has been told why).
    /// </summary>
    public static Session? Greet(int socket, IDeviceBackend backend, out string program)
    {
        byte[] buffer = new byte[Hello.FixedBytes + Hello.MaxProgramBytes + 1];
        program = "";
        for (int attempt = 0; attempt < MaxWindowAttempts; attempt++)
        {
            int length = UnixSocket.Receive(socket, buffer, out int descriptor);
            if (descriptor >= 0)
            {
                _ = Libc.close(descriptor);
            }
            if (length <= 0)
            {
                return null;
            }
            if (!Hello.TryDecode(buffer.AsSpan(0, length), out Hello hello, out ReadOnlySpan<byte> name))
            {
                Log.Error("the client's greeting is malformed");
                return null;
            }
            program = Encoding.UTF8.GetString(name);
            if (hello.Version != SegmentLayout.Version || !CallTable.Serves(hello.ApiHash))
            {
                Refuse(socket, WelcomeStatus.VersionMismatch, NewerClient);
                return null;
            }
            if ((hello.Flags & Hello.SnapshotOnly) != 0)
            {
                _ = UnixSocket.Send(socket, Answer(new Welcome { ApiHash = hello.ApiHash }, "", backend.Snapshot));
                return null;
            }
            var window = new Window(hello.WindowBase, hello.WindowBytes);
            if (!Mapping.TryReserve(window))
            {
                Refuse(socket, WelcomeStatus.WindowTaken, "");
                continue;
            }
            return Open(socket, backend, window, hello.ApiHash);
        }
        return null;
    }

    /// <summary>Tells a client that the device it was to have could not be opened.</summary>
    public static void RefuseNoDevice(int socket, string reason) =>
        Refuse(socket, WelcomeStatus.NoDevice, $"there is no device: {reason}");

    private static Session? Open(int socket, IDeviceBackend backend, Window window, ulong apiHash)
    {
        int segmentFile = Mapping.CreateShared("weir-segment", SegmentLayout.SegmentBytes);
        int hostFile = Mapping.CreateShared("weir-host", (long)(window.Bytes / 2));
        byte* segment = Mapping.Map(segmentFile, SegmentLayout.SegmentBytes);
        if (segment == null || !Mapping.TryMapHost(window, hostFile))
        {
            Refuse(socket, WelcomeStatus.Refused, "the worker has no memory for a session");
            return null;
        }
        ControlPage* control = SegmentLayout.Control(segment);
        control->Magic = SegmentLayout.Magic;
        control->Version = SegmentLayout.Version;
        control->WorkerPid = Environment.ProcessId;
        control->WorkerFences = Doorbell.TryGlobalFence() ? 1u : 0u;
        var session = new Session(segment, window, hostFile, backend.Open(window), backend.Snapshot)
        {
            RegistersHostMemory = backend.RegistersHostMemory,
            Slice = backend.Slice,
            SegmentFile = segmentFile,
        };
        Volatile.Write(ref control->State, (uint)SessionState.Open);
        var welcome = new Welcome
        {
            ApiHash = apiHash,
            SegmentBytes = (ulong)SegmentLayout.SegmentBytes,
            WindowBase = window.Base,
            WindowBytes = window.Bytes,
            DeviceIsElsewhere = backend.PlacesDeviceMemory ? 0u : 1u,
        };
        byte[] answer = Answer(welcome, "", backend.Snapshot);
        int* descriptors = stackalloc int[2];
        descriptors[0] = segmentFile;
        descriptors[1] = hostFile;
        bool sent;
        fixed (byte* data = answer)
        {
            sent = DescriptorSocket.TrySend(socket, data, (nuint)answer.Length, descriptors, 2);
        }
        return sent ? session : null;
    }

    private static void Refuse(int socket, WelcomeStatus status, string text)
    {
        if (text.Length > 0)
        {
            Log.Error($"a client was refused: {text}");
        }
        _ = UnixSocket.Send(socket, Answer(new Welcome { Status = (uint)status }, text, []));
    }

    private static byte[] Answer(Welcome welcome, string text, byte[] snapshot)
    {
        welcome.WorkerPid = Environment.ProcessId;
        // A client is answered in its own words; one that is refused learns whose these are.
        welcome.ApiHash = welcome.ApiHash == 0 ? CallTable.Fingerprint : welcome.ApiHash;
        return Welcome.Encode(welcome, Encoding.UTF8.GetBytes(text), snapshot);
    }
}
