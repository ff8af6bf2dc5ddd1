using System.Text;
using Weir.Agent.Devices;
using Weir.Agent.Sessions;
using Weir.Posix;
using Weir.Remote.Workers;
using Weir.Wire;
using Libc = Weir.Posix.Libc;

namespace Weir.Agent.Workers;

/// <summary>
/// The node's workers: keeps some ready, hears what they say, buries those that end. All methods are called under the node's
/// lock; those by which the watcher enters take it themselves.
/// </summary>
internal sealed class WorkerFarm(Node node)
{
    private const int MaxFailedStarts = 3;

    // After a session was given to a worker the next one is started when that one serves; when it never does, after this.
    private static readonly TimeSpan s_refillDelay = TimeSpan.FromSeconds(2);

    private readonly List<Worker> _workers = [];
    private readonly Dictionary<string, int> _failedStarts = [];

    // Descriptions of slices, which do not change while the agent runs.
    private readonly Dictionary<string, byte[]> _snapshots = [];
    private readonly byte[] _buffer = new byte[WorkerMessage.MaxBytes];
    private int _compiler;

    /// <summary>All workers.</summary>
    public IReadOnlyList<Worker> All => _workers;

    /// <summary>Starts workers until enough wait for sessions on this kind of device.</summary>
    public void Refill(DeviceState device, int least = 0)
    {
        int wanted = Math.Max(least, node.Config.Prewarm);
        int idle = _workers.Count(worker => worker.Kind == device.WorkerKind && worker.IsIdle);
        while (idle < wanted && device.Fault is null)
        {
            try
            {
                Worker worker = node.Start.Start(device);
                Add(worker);
                idle++;
            }
            catch (Exception failure)
                when (failure is IOException or UnauthorizedAccessException or InvalidOperationException)
            {
                Log.Error($"no worker for {device.Uuid}: {failure.Message}");
                NoteFailedStart(device.WorkerKind, failure.Message);
                return;
            }
        }
    }

    /// <summary>
    /// A worker that waits for a session on this device; waits for one that is being started (the lock is given up
    /// meanwhile). Null when none comes in time.
    /// </summary>
    public Worker? Take(DeviceState device, TimeSpan patience)
    {
        long until = Environment.TickCount64 + (long)patience.TotalMilliseconds;
        while (true)
        {
            Worker? worker = _workers.Find(worker =>
                worker.Kind == device.WorkerKind && worker.IsIdle && worker.IsReady
            );
            int left = (int)(until - Environment.TickCount64);
            if (worker is not null || left <= 0 || device.Fault is not null)
            {
                return worker;
            }
            Refill(device, 1);
            _ = Monitor.Wait(node.Gate, left);
        }
    }

    /// <summary>The next worker is due soon, also when the one that was taken never serves.</summary>
    public void RefillLater(DeviceState device)
    {
        Timer? timer = null;
        timer = new Timer(
            _ =>
            {
                lock (node.Gate)
                {
                    Refill(device);
                }
                timer!.Dispose();
            },
            null,
            s_refillDelay,
            Timeout.InfiniteTimeSpan
        );
    }

    /// <summary>Takes up a worker that an agent before this one started; false when it has ended.</summary>
    public Worker? Adopt(SessionRecord record)
    {
        int pidfd = Libc.PidfdOpen(record.Process);
        if (pidfd < 0 || ProcessFacts.StartOf(record.Process) != record.ProcessStart)
        {
            if (pidfd >= 0)
            {
                _ = Libc.close(pidfd);
            }
            return null;
        }
        if (record.User is { } user)
        {
            node.Start.Users.Keep(user);
        }
        var worker = new Worker
        {
            Name = record.Worker,
            Kind = record.WorkerKind,
            ProcessId = record.Process,
            ProcessStart = record.ProcessStart,
            Pidfd = pidfd,
            User = record.User,
            Control = UnixSocket.Connect(node.Start.SocketOf(record.Worker)),
            IsReady = true,
            IsAttached = true,
        };
        Add(worker);
        return worker;
    }

    /// <summary>Tells a worker something; false when it does not listen any more.</summary>
    public static bool Tell(Worker worker, byte kind, ReadOnlySpan<byte> body, int descriptor = -1) =>
        worker.Control >= 0 && UnixSocket.Send(worker.Control, [kind, .. body], descriptor);

    /// <summary>Words of options as a message carries them.</summary>
    public static byte[] Words(IEnumerable<string> words) =>
        Encoding.UTF8.GetBytes(string.Concat(words.Select(word => word + '\0')));

    /// <summary>The snapshot of a slice of a device, as a worker tells of it. The lock must not be held.</summary>
    /// <exception cref="IOException">No worker answers.</exception>
    public byte[] Describe(DeviceState device, ulong memoryBytes, TimeSpan patience)
    {
        string key = $"{device.Uuid} {memoryBytes}";
        TaskCompletionSource<byte[]> answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (node.Gate)
        {
            if (_snapshots.TryGetValue(key, out byte[]? known))
            {
                return known;
            }
            Worker worker =
                Take(device, patience)
                ?? throw new IOException(
                    $"no worker for {device.Uuid} is ready within {patience.TotalSeconds} s; see its log in {node.Folders.Logs}"
                );
            if (!Tell(worker, WorkerMessage.Describe, Words(device.Options(memoryBytes))))
            {
                throw new IOException("the worker that was asked about the device has just ended; try again");
            }
            worker.Describing.Enqueue(answer);
        }
        if (!answer.Task.Wait(patience))
        {
            throw new IOException($"a worker does not describe {device.Uuid} within {patience.TotalSeconds} s");
        }
        lock (node.Gate)
        {
            _snapshots[key] = answer.Task.Result;
        }
        return answer.Task.Result;
    }

    /// <summary>Asks workers with sessions to note what they use.</summary>
    public void AskUsage()
    {
        foreach (Worker worker in _workers)
        {
            if (worker.IsAttached)
            {
                _ = Tell(worker, WorkerMessage.Usage, []);
            }
        }
    }

    /// <summary>Ends a worker at once.</summary>
    public static void Kill(Worker worker)
    {
        // The process may have ended and its number be another's; its own beginning tells.
        if (ProcessFacts.StartOf(worker.ProcessId) == worker.ProcessStart)
        {
            _ = Libc.kill(worker.ProcessId, Libc.SIGKILL);
        }
    }

    private void Add(Worker worker)
    {
        _workers.Add(worker);
        worker.PidWatch = node.Watcher.Watch(worker.Pidfd, () => Bury(worker));
        if (worker.Control >= 0)
        {
            worker.ControlWatch = node.Watcher.Watch(worker.Control, () => Hear(worker));
        }
    }

    private void Hear(Worker worker)
    {
        lock (node.Gate)
        {
            HearOne(worker);
        }
    }

    private bool HearOne(Worker worker)
    {
        if (worker.Control < 0)
        {
            return false;
        }
        int length = Receive(worker.Control, out int first, out int second);
        try
        {
            return Take(worker, length, ref first, ref second);
        }
        finally
        {
            _ = first >= 0 ? Libc.close(first) : 0;
            _ = second >= 0 ? Libc.close(second) : 0;
        }
    }

    private unsafe int Receive(int control, out int first, out int second)
    {
        int* descriptors = stackalloc int[2];
        int length;
        fixed (byte* data = _buffer)
        {
            // The watcher said that there is something, or that it is over; after an end it is looked for once more.
            var entry = new PollEntry { Descriptor = control, Events = Libc.POLLIN };
            if (Libc.poll(&entry, 1, 0) <= 0)
            {
                (first, second) = (-1, -1);
                return -1;
            }
            length = (int)DescriptorSocket.Receive(control, data, (nuint)_buffer.Length, descriptors, 2, raw: false);
        }
        (first, second) = (descriptors[0], descriptors[1]);
        return length;
    }

    private bool Take(Worker worker, int length, ref int first, ref int second)
    {
        if (length == 0)
        {
            CloseControl(worker);
        }
        if (length <= 0)
        {
            return false;
        }
        ReadOnlySpan<byte> body = _buffer.AsSpan(1, length - 1);
        switch (_buffer[0])
        {
            case WorkerMessage.Identity when body.Length == 32:
                worker.Fingerprint = Convert.ToHexStringLower(body);
                break;
            case WorkerMessage.Ready:
                worker.IsReady = true;
                _failedStarts[worker.Kind] = 0;
                Monitor.PulseAll(node.Gate);
                break;
            case WorkerMessage.Attached when worker.Session is { IsOpen: false } session:
                worker.IsAttached = true;
                node.Sessions.Opened(session);
                Refill(session.Device);
                break;
            case WorkerMessage.Describe when Welcome.IsSnapshot(body):
                if (worker.Describing.TryDequeue(out TaskCompletionSource<byte[]>? answer))
                {
                    _ = answer.TrySetResult(body.ToArray());
                }
                break;
            case WorkerMessage.StartCompiler:
                StartCompiler();
                break;
            case WorkerMessage.Fault when worker.Session is { } session:
                node.Faults.Report(session.Device, $"{Text(body)} (session {session.Record.Session})");
                break;
            case WorkerMessage.Ended:
                worker.LastWord = Text(body);
                break;
            default:
                _ = node.Mover.Hear(worker, _buffer[0], body, ref first, ref second);
                break;
        }
        return true;
    }

    // What a worker says may be anything: a line of it is enough.
    private static string Text(ReadOnlySpan<byte> body) =>
        Encoding.UTF8.GetString(body[..Math.Min(body.Length, 500)]).ReplaceLineEndings(" ");

    private void CloseControl(Worker worker)
    {
        node.Watcher.Forget(worker.ControlWatch, worker.Control);
        _ = Libc.close(worker.Control);
        worker.Control = -1;
        foreach (TaskCompletionSource<byte[]> answer in worker.Describing)
        {
            _ = answer.TrySetException(new IOException("the worker that was asked about the device has ended"));
        }
    }

    private void Bury(Worker worker)
    {
        lock (node.Gate)
        {
            while (HearOne(worker)) { }
            if (worker.Control >= 0)
            {
                CloseControl(worker);
            }
            int? status = SpawnedProcess.TryReap(worker.ProcessId);
            node.Watcher.Forget(worker.PidWatch, worker.Pidfd);
            _ = Libc.close(worker.Pidfd);
            _ = _workers.Remove(worker);
            string end = Describe(status, worker.LastWord);
            // By somebody, which says nothing about the device.
            bool wasKilled = (status & 0x7f) == Libc.SIGKILL;
            if (node.Mover.Ended(worker, worker.LastWord is null))
            {
                // Its session goes on elsewhere, or may.
            }
            else if (worker.Session is { } session)
            {
                node.Sessions.Ended(session, end);
            }
            else if (!worker.IsReady && (!wasKilled || node.Start.Groups.RanOutOfMemory(worker.Name)))
            {
                NoteFailedStart(worker.Kind, end);
            }
            node.Start.CleanUp(worker.Name, worker.User);
            if (node.Devices.FirstOrDefault(device => device.WorkerKind == worker.Kind) is { } kind)
            {
                Refill(kind);
            }
        }
    }

    // "": as it should.
    private static string Describe(int? status, string? lastWord) =>
        status is { } known && (known & 0x7f) != 0 ? $"worker crashed: ended by signal {known & 0x7f}"
        : lastWord is { Length: > 0 } reason ? reason
        : lastWord is null && status is null ? "worker ended without a word"
        : lastWord is null && status != 0 ? $"worker failed: exit code {status >> 8 & 0xff}"
        : "";

    private void NoteFailedStart(string kind, string end)
    {
        int failed = _failedStarts.GetValueOrDefault(kind) + 1;
        _failedStarts[kind] = failed;
        if (failed < MaxFailedStarts)
        {
            return;
        }
        _failedStarts[kind] = 0;
        foreach (DeviceState device in node.Devices.Where(device => device.WorkerKind == kind))
        {
            node.Faults.Report(
                device,
                $"workers do not start ({(end.Length > 0 ? end : "no reason given")}); see {node.Folders.Logs}"
            );
        }
    }

    private void StartCompiler()
    {
        if (_compiler != 0)
        {
            return;
        }
        try
        {
            _compiler = node.Start.StartCompiler();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            Log.Error($"no compile service: {failure.Message}");
            return;
        }
        int process = _compiler;
        int pidfd = Libc.PidfdOpen(process);
        long watch = 0;
        watch = node.Watcher.Watch(
            pidfd,
            () =>
            {
                lock (node.Gate)
                {
                    node.Watcher.Forget(watch, pidfd);
                    _ = Libc.close(pidfd);
                    _ = SpawnedProcess.TryReap(process);
                    _compiler = 0;
                }
            }
        );
    }
}
