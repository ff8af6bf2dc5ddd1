using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Weir.Posix;
using Weir.Remote;
using Weir.Remote.Secure;
using Weir.Remote.Workers;
using Weir.Wire;
using Weir.Worker.Brokering;
using Weir.Worker.Devices;
using Weir.Worker.Portable;
using Weir.Worker.Remote;
using Libc = Weir.Posix.Libc;

namespace Weir.Worker.Sessions;

/// <summary>
/// Who started this worker and speaks to it over descriptor 3: a broker, or a node's agent. An agent may be restarted
/// while the session goes on: the next one connects to the socket that descriptor 4 listens on, whose path only the agent's
/// user can reach. Sending is safe from several threads, the rest is for one.
/// </summary>
internal sealed unsafe class Supervisor(WorkerOptions startOptions)
{
    private const int MostDescriptors = 4;
    private const int Listener = ChildProcess.FirstInherited + 1;
    private readonly byte[] _buffer = new byte[WorkerMessage.MaxBytes];
    private X509Certificate2? _certificate;
    private int _devicePage = -1;
    private volatile int _control = ChildProcess.FirstInherited;

    /// <summary>What the session's device shall be; changes when an agent prepares it.</summary>
    public WorkerOptions Options { get; private set; } = startOptions;

    /// <summary>The session's place in its lease's page, or null without a lease.</summary>
    public LeaseLedger? Ledger { get; private set; }

    /// <summary>For a client on another node, once it is to be expected.</summary>
    public RemoteDoor? Door { get; private set; }

    /// <summary>What is known of that client.</summary>
    public RemoteTerms? Terms { get; private set; }

    /// <summary>Makes the certificate of a session whose client may be on another node, and tells it.</summary>
    public void Identify()
    {
        TlsWarmth.Prepare();
        _certificate = PinnedTls.CreateCertificate();
        _ = Tell(WorkerMessage.Identity, Convert.FromHexString(PinnedTls.Fingerprint(_certificate)));
    }

    /// <summary>To poll for while a session goes on: the connection, or what the next one comes from; -1 for neither.</summary>
    public int Readable => _control >= 0 || !Options.IsPooled ? _control : Listener;

    /// <summary>The supervisor is there.</summary>
    public bool IsHeard => _control >= 0;

    /// <summary>Sends a message; false when nobody is there.</summary>
    public bool Tell(byte kind, ReadOnlySpan<byte> body = default) =>
        _control >= 0 && UnixSocket.Send(_control, [kind, .. body]);

    /// <summary>Sends a message with a text.</summary>
    public bool Tell(byte kind, string text) => Tell(kind, Encoding.UTF8.GetBytes(text));

    /// <summary>Sends a message with a report.</summary>
    public void Tell(byte kind, StateReport report)
    {
        if (kind is WorkerMessage.Parked or WorkerMessage.Saved)
        {
            // Whoever hears it may give the session to another worker: what this one has counted must be there by then.
            NoteUsage?.Invoke();
        }
        _ = Tell(kind, JsonSerializer.SerializeToUtf8Bytes(report, RemoteJson.Default.StateReport));
    }

    /// <summary>Writes the session's counts into the lease's page.</summary>
    public Action? NoteUsage { get; set; }

    /// <summary>Sends the descriptors by which another worker could take the session.</summary>
    /// <param name="segment">The segment.</param>
    /// <param name="hostMemory">The host half of the window.</param>
    /// <param name="log">The log of calls; -1 when there is none.</param>
    public bool TellDescriptors(int segment, int hostMemory, int log)
    {
        if (_control < 0 || segment < 0)
        {
            return false;
        }
        int* descriptors = stackalloc int[3] { segment, hostMemory, log };
        byte kind = WorkerMessage.Descriptors;
        return DescriptorSocket.TrySend(_control, &kind, 1, descriptors, log < 0 ? 2 : 3);
    }

    /// <summary>What to do with messages that concern the session's state; null while there is none whose state could leave.</summary>
    public SessionControl? States { get; set; }

    /// <summary>The session that another worker had, when one was handed to this worker.</summary>
    public HandedSession? Handed { get; private set; }

    /// <summary>Starts the compile service: the supervisor does, who lives longer, or this process when it has gone.</summary>
    public void StartCompiler()
    {
        if (!Tell(WorkerMessage.StartCompiler))
        {
            CompilerStart.Start(Environment.ProcessId);
        }
    }

    /// <summary>
    /// Waits for the message that brings a client; meanwhile the device is prepared as asked.
    /// </summary>
    /// <returns>The client's socket; -1 when the supervisor has gone, or when the client is on another node (<see cref="Door"/>).</returns>
    /// <exception cref="FormatException">The supervisor asked for an impossible device.</exception>
    public int WaitForClient(ref IDeviceBackend? backend)
    {
        int* descriptors = stackalloc int[MostDescriptors];
        while (true)
        {
            int length = Receive(descriptors);
            if (length <= 0)
            {
                return -1;
            }
            int descriptor = descriptors[0];
            if (_buffer[0] == WorkerMessage.Restore && descriptors[2] >= 0)
            {
                Handed = new HandedSession(
                    descriptors[0],
                    descriptors[1],
                    descriptors[2],
                    descriptors[3],
                    HandedOrder(length)
                );
                return descriptor;
            }
            for (int i = 1; i < MostDescriptors; i++)
            {
                _ = descriptors[i] >= 0 ? Libc.close(descriptors[i]) : 0;
            }
            switch (_buffer[0])
            {
                case WorkerMessage.Serve when descriptor >= 0:
                    return descriptor;
                case WorkerMessage.Expect when _certificate is not null:
                    Terms = Encoded(length);
                    Door = new RemoteDoor(_certificate, Terms);
                    return -1;
                case WorkerMessage.Describe when backend is not null:
                    _ = Tell(WorkerMessage.Describe, backend.Prepare(Asked(length), null).Snapshot);
                    break;
                case WorkerMessage.Share when descriptor >= 0:
                    _devicePage = descriptor;
                    descriptor = -1;
                    break;
                case WorkerMessage.Prepare when backend is not null:
                    Options = Asked(length);
                    if (_devicePage >= 0)
                    {
                        Options = Options.With(["--arbiter", _devicePage.ToString(CultureInfo.InvariantCulture)]);
                    }
                    Ledger = MapPage(descriptor, Options.Slot);
                    ProcessLimits.LimitMemory(Options.MemoryBytes);
                    backend = backend.Prepare(Options, Ledger);
                    _ = Tell(WorkerMessage.Prepare, backend.Snapshot);
                    break;
            }
            if (descriptor >= 0)
            {
                _ = Libc.close(descriptor);
            }
        }
    }

    /// <summary>While a session goes on: takes what <see cref="Readable"/> has.</summary>
    public void Hear(Session? session, IDeviceBackend backend)
    {
        if (_control < 0)
        {
            _control = Libc.accept4(Listener, null, null, Libc.SOCK_CLOEXEC);
            // What was said while nobody listened is said again.
            States?.Repeat();
            return;
        }
        int length = Receive(out int descriptor);
        if (descriptor >= 0 && length > 0 && _buffer[0] == WorkerMessage.Connection && Door is not null)
        {
            Door.Take(descriptor);
        }
        else if (descriptor >= 0)
        {
            _ = Libc.close(descriptor);
        }
        if (length <= 0)
        {
            _ = Libc.close(_control);
            _control = -1;
        }
        else if (_buffer[0] == WorkerMessage.End)
        {
            string reason = Encoding.UTF8.GetString(_buffer, 1, length - 1);
            session?.End(reason);
            Door?.End(reason);
        }
        else if (States?.TryHandle(_buffer[0], _buffer.AsSpan(1, length - 1)) == true)
        {
            return;
        }
        else if (_buffer[0] == WorkerMessage.Usage)
        {
            if (session is not null)
            {
                WriteUsage(session, backend);
            }
            _ = Tell(WorkerMessage.Usage);
        }
    }

    /// <summary>Writes the session's counts into the lease's page.</summary>
    public void WriteUsage(Session session, IDeviceBackend backend)
    {
        if (Ledger is null)
        {
            return;
        }
        LeaseSlot* slot = Ledger.Slot;
        DeviceCounts device = backend.Counts;
        slot->BusyNanoseconds = device.BusyNanoseconds;
        slot->CopyNanoseconds = device.CopyNanoseconds;
        slot->WaitNanoseconds = device.WaitNanoseconds;
        slot->Launches = (ulong)session.Statistics.Launches;
        slot->Calls = (ulong)(session.Statistics.Calls + session.Statistics.Posts);
        slot->BytesToDevice = (ulong)session.Statistics.BytesToDevice;
        slot->BytesToHost = (ulong)session.Statistics.BytesToHost;
        slot->BytesOnDevice = (ulong)session.Statistics.BytesOnDevice;
        slot->PeakBytes = Math.Max(slot->PeakBytes, slot->UsedBytes);
        slot->Sequence++;
    }

    private StateOrder HandedOrder(int length)
    {
        try
        {
            return JsonSerializer.Deserialize(_buffer.AsSpan(1, length - 1), RemoteJson.Default.StateOrder)
                ?? new StateOrder();
        }
        catch (JsonException failure)
        {
            throw new FormatException($"the order to take a session over is malformed: {failure.Message}", failure);
        }
    }

    private WorkerOptions Asked(int length)
    {
        string text = Encoding.UTF8.GetString(_buffer, 1, length - 1);
        return Options.With([.. text.Split('\0', StringSplitOptions.RemoveEmptyEntries)]);
    }

    private RemoteTerms Encoded(int length)
    {
        try
        {
            return JsonSerializer.Deserialize(_buffer.AsSpan(1, length - 1), RemoteJson.Default.RemoteTerms)
                ?? throw new FormatException("the terms for a remote client are empty");
        }
        catch (JsonException failure)
        {
            throw new FormatException($"the terms for a remote client are malformed: {failure.Message}", failure);
        }
    }

    private static LeaseLedger? MapPage(int file, int slot)
    {
        byte* page = Attach.Mapping.Map(file, LeasePage.Bytes);
        if (page == null)
        {
            return null;
        }
        if (((LeasePage*)page)->Magic != LeasePage.ExpectedMagic || slot is < 0 or >= LeasePage.Slots)
        {
            throw new FormatException("the lease's page or the place in it is none");
        }
        return new LeaseLedger((LeasePage*)page, slot);
    }

    private int Receive(out int descriptor)
    {
        int* descriptors = stackalloc int[1];
        int length = Receive(descriptors, 1);
        descriptor = descriptors[0];
        return length;
    }

    private int Receive(int* descriptors, int most = MostDescriptors)
    {
        nint got;
        fixed (byte* buffer = _buffer)
        {
            got = DescriptorSocket.Receive(_control, buffer, (nuint)_buffer.Length, descriptors, most, raw: false);
        }
        return (int)got;
    }
}
