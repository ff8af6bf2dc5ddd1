using System.Runtime.InteropServices;
using Weir.Posix;
using Weir.Remote.Workers;
using Weir.Wire;
using Weir.Worker.Logging;
using Weir.Worker.Observations;
using Weir.Worker.Sessions;
using Weir.Worker.Summaries;
using Libc = Weir.Posix.Libc;

namespace Weir.Worker.Brokering;

/// <summary>
/// Stands beside a program: takes its clients' connections and gives each to a worker of its own, one of which is always
/// ready. It ends when the program has ended and no session is open; workers notice by themselves when it is killed. One
/// thread, one poll.
/// </summary>
internal sealed unsafe class Broker(BrokerOptions options)
{
    private const int MaxSessions = 256;
    private const int MaxGreetings = 256;
    private const int MaxFailedStarts = 3;

    // Of one client: workers may come up and still die of everybody's greeting.
    private const int MaxReassigned = 8;

    private readonly List<WorkerSlot> _workers = [];
    private readonly SessionDesk _desk = new();
    private SessionHolder? _holder;

    // Accepted connections whose first message has not arrived.
    private readonly List<int> _greetings = [];
    private readonly string _self = NativeText.FromUtf8(Environment.ProcessPath!);
    private byte[]? _snapshot;
    private bool _programEnded;
    private int _failedStarts;

    /// <summary>Runs until its work is done; the exit code.</summary>
    public int Run()
    {
        _desk.Open();
        _holder = new SessionHolder(_desk, options.SnapshotEvery, options.OnLoss, IdleWorker);
        SessionHolder holder = _holder;
        Prepare();
        var entries = new List<PollEntry>();
        while (true)
        {
            if (_programEnded && !_workers.Exists(worker => worker.ClientProcessId != 0) && !holder.HasWork)
            {
                break;
            }
            entries.Clear();
            entries.Add(Entry(options.Listener));
            entries.Add(Entry(_programEnded ? -1 : options.Program));
            foreach (WorkerSlot worker in _workers)
            {
                entries.Add(Entry(worker.Pidfd));
                entries.Add(Entry(worker.IsSilent ? -1 : worker.Control));
            }
            int greetingsAt = entries.Count;
            foreach (int greeting in _greetings)
            {
                entries.Add(Entry(greeting));
            }
            int deskAt = entries.Count;
            int[] asking = [_desk.Listener, .. _desk.Connections];
            HeldSession[] lost = [.. holder.Lost];
            entries.AddRange(asking.Select(Entry));
            entries.AddRange(lost.Select(session => Entry(session.Client)));
            Span<PollEntry> span = CollectionsMarshal.AsSpan(entries);
            fixed (PollEntry* first = span)
            {
                if (Libc.poll(first, (ulong)span.Length, holder.Timeout) < 0)
                {
                    continue;
                }
            }
            WorkerSlot[] polled = [.. _workers];
            for (int i = 0; i < polled.Length; i++)
            {
                if (span[2 + 2 * i + 1].Returned != 0)
                {
                    Hear(polled[i]);
                }
                if (span[2 + 2 * i].Returned != 0)
                {
                    Bury(polled[i]);
                }
            }
            int[] greetings = [.. _greetings];
            for (int i = 0; i < greetings.Length; i++)
            {
                if (span[greetingsAt + i].Returned != 0)
                {
                    Greet(greetings[i]);
                }
            }
            for (int i = 0; i < asking.Length; i++)
            {
                if (span[deskAt + i].Returned != 0)
                {
                    Attend(holder, asking[i]);
                }
            }
            for (int i = 0; i < lost.Length; i++)
            {
                if (span[deskAt + asking.Length + i].Returned != 0)
                {
                    holder.ClientGone(lost[i]);
                }
            }
            holder.Tick();
            if (span[0].Returned != 0)
            {
                Accept();
            }
            _programEnded |= span[1].Returned != 0;
            Prepare();
        }
        _desk.Dispose();
        if (options.Observations is { } observations)
        {
            SessionObservation.End(observations);
        }
        // Unassigned workers end when their sockets close; the compile service notices by its connections.
        return 0;
    }

    private static PollEntry Entry(int descriptor) => new() { Descriptor = descriptor, Events = Libc.POLLIN };

    // Keeps as many workers ready as asked for. The next one starts only when the newest client is served.
    private void Prepare()
    {
        int idle = _workers.Count(worker => worker.ClientProcessId == 0);
        while (!_programEnded && idle < options.Prewarm && _failedStarts < MaxFailedStarts)
        {
            if (StartWorker() is null)
            {
                return;
            }
            idle++;
        }
    }

    private WorkerSlot? StartWorker()
    {
        int* pair = stackalloc int[2];
        if (Libc.socketpair(Libc.AF_UNIX, Libc.SOCK_SEQPACKET | Libc.SOCK_CLOEXEC, 0, pair) != 0)
        {
            Log.Error($"no socket for a worker: errno {Libc.Errno}");
            return null;
        }
        try
        {
            List<string> arguments = [_self, "--worker", .. options.ForWorkers];
            int pid = ChildProcess.Start(
                _self,
                arguments,
                NativeText.Environment(),
                [pair[1]],
                output: 2,
                detached: false
            );
            var worker = new WorkerSlot(pid, pair[0]);
            _workers.Add(worker);
            return worker;
        }
        catch (IOException failure)
        {
            Log.Error(failure.Message);
            _ = Libc.close(pair[0]);
            _failedStarts++;
            return null;
        }
        finally
        {
            _ = Libc.close(pair[1]);
        }
    }

    private void Accept()
    {
        int client = Libc.accept4(options.Listener, null, null, Libc.SOCK_CLOEXEC);
        if (client < 0)
        {
            return;
        }
        // Abstract sockets have no file permissions: who may connect is decided here.
        if (!UnixSocket.TryGetPeer(client, out PeerCredentials peer) || peer.Uid != Libc.getuid())
        {
            Log.Error($"process {peer.Pid} of user {peer.Uid} was turned away");
            _ = Libc.close(client);
            return;
        }
        if (_greetings.Count >= MaxGreetings)
        {
            _ = Libc.close(_greetings[0]);
            _greetings.RemoveAt(0);
        }
        _greetings.Add(client);
    }

    // The first message says whether a worker is needed at all; it is only looked at, the worker reads it itself.
    private void Greet(int client)
    {
        _ = _greetings.Remove(client);
        Hello hello;
        nint length = Libc.recv(client, &hello, (nuint)sizeof(Hello), Libc.MSG_PEEK | Libc.MSG_DONTWAIT);
        if (length < sizeof(Hello) || hello.Magic != Hello.ExpectedMagic)
        {
            if (length > 0)
            {
                Log.Error("a connection was closed: its first message is no greeting");
            }
            _ = Libc.close(client);
            return;
        }
        if ((hello.Flags & Hello.SnapshotOnly) != 0 && _snapshot is not null)
        {
            // Read it: a socket that is closed with something unread takes the answer back.
            byte[] greeting = new byte[Hello.FixedBytes + Hello.MaxProgramBytes];
            _ = UnixSocket.Receive(client, greeting, out _, Libc.MSG_DONTWAIT);
            byte[] answer = Welcome.Encode(new Welcome { ApiHash = hello.ApiHash }, [], _snapshot);
            _ = UnixSocket.Send(client, answer);
            _ = Libc.close(client);
            return;
        }
        Assign(client, reassigned: 0);
    }

    private void Assign(int client, int reassigned)
    {
        _ = UnixSocket.TryGetPeer(client, out PeerCredentials peer);
        if (_workers.Count(worker => worker.ClientProcessId != 0) >= MaxSessions)
        {
            Log.Error($"process {peer.Pid} was turned away: {MaxSessions} sessions are open");
            _ = Libc.close(client);
            return;
        }
        WorkerSlot? worker = IdleWorker();
        if (worker is not null)
        {
            worker.ClientProcessId = Math.Max(1, peer.Pid);
            worker.PendingClient = client;
            worker.Reassigned = reassigned;
            // A worker that is not ready yet finds the message when it is. One that has died is noticed by its end.
            _ = UnixSocket.Send(worker.Control, [WorkerMessage.Serve], client);
        }
        else
        {
            _ = Libc.close(client);
        }
    }

    private WorkerSlot? IdleWorker() =>
        _workers.Find(worker => worker.ClientProcessId == 0 && worker.IsReady && !worker.IsSilent)
        ?? _workers.Find(worker => worker.ClientProcessId == 0 && !worker.IsSilent)
        ?? StartWorker();

    private void Attend(SessionHolder holder, int connection)
    {
        if (connection == _desk.Listener)
        {
            _desk.Accept();
        }
        else if (_desk.Read(connection) is { } request)
        {
            holder.Ask(connection, request);
        }
        else
        {
            holder.AskerGone(connection);
        }
    }

    // A client whose worker died before it read the greeting is none the wiser: another worker takes it.
    private void Reassign(WorkerSlot worker)
    {
        int client = worker.PendingClient;
        worker.PendingClient = -1;
        Hello hello;
        bool hasGreeting =
            client >= 0 && Libc.recv(client, &hello, (nuint)sizeof(Hello), Libc.MSG_PEEK | Libc.MSG_DONTWAIT) > 0;
        if (hasGreeting && worker.Reassigned < MaxReassigned)
        {
            Assign(client, worker.Reassigned + 1);
        }
        else if (client >= 0)
        {
            _ = Libc.close(client);
        }
    }

    private void Hear(WorkerSlot worker)
    {
        byte[] buffer = new byte[WorkerMessage.MaxBytes];
        const int MostDescriptors = 3;
        int* descriptors = stackalloc int[MostDescriptors];
        int length;
        fixed (byte* place = buffer)
        {
            length = (int)
                DescriptorSocket.Receive(
                    worker.Control,
                    place,
                    (nuint)buffer.Length,
                    descriptors,
                    MostDescriptors,
                    raw: false
                );
        }
        if (
            length > 0
            && _holder!.Hear(
                worker,
                buffer[0],
                buffer.AsSpan(1, length - 1),
                new ReadOnlySpan<int>(descriptors, MostDescriptors)
            )
        )
        {
            return;
        }
        for (int i = 0; i < MostDescriptors; i++)
        {
            _ = descriptors[i] >= 0 ? Libc.close(descriptors[i]) : 0;
        }
        if (length == 0)
        {
            worker.IsSilent = true;
        }
        else if (length > 0 && buffer[0] == WorkerMessage.Attached)
        {
            if (worker.PendingClient >= 0)
            {
                _holder!.Begin(worker, worker.PendingClient);
                worker.PendingClient = -1;
            }
        }
        else if (length > 0 && buffer[0] == WorkerMessage.StartCompiler)
        {
            CompilerStart.Start(Environment.ProcessId);
        }
        else if (length > 0 && buffer[0] == WorkerMessage.Ready)
        {
            worker.IsReady = true;
            _failedStarts = 0;
            if (Welcome.IsSnapshot(buffer.AsSpan(1, length - 1)))
            {
                _snapshot ??= buffer[1..length];
            }
        }
    }

    private void Bury(WorkerSlot worker)
    {
        _ = _workers.Remove(worker);
        int status = worker.Reap();
        string what =
            worker.ClientProcessId == 0
                ? $"worker {worker.ProcessId} (no client yet)"
                : $"worker {worker.ProcessId} (client {worker.ClientProcessId})";
        if ((status & 0x7f) != 0)
        {
            Log.Error($"{what} was ended by signal {status & 0x7f}");
            if (worker.ClientProcessId != 0)
            {
                WriteCrash(worker, status & 0x7f);
            }
        }
        else if (status != 0)
        {
            Log.Error($"{what} ended with exit code {status >> 8 & 0xff}");
        }
        if (!worker.IsReady && status != 0 && (status & 0x7f) != Libc.SIGKILL)
        {
            _failedStarts++;
            if (_failedStarts >= MaxFailedStarts)
            {
                Log.Error("workers do not start; no more are tried in advance");
            }
        }
        if (!_holder!.Ended(worker, (status & 0x7f) != 0))
        {
            Reassign(worker);
        }
    }

    // What the worker would have written itself had it lived.
    private void WriteCrash(WorkerSlot worker, int signal)
    {
        ClientProgram client = ClientProgram.Describe(worker.ClientProcessId);
        DateTime now = DateTime.UtcNow;
        SummaryStore.Write(
            new SessionSummary
            {
                Id = SessionSummary.NewId(now, worker.ProcessId),
                Program = client.Path,
                Arguments = client.Arguments,
                ProcessId = client.ProcessId,
                WorkerProcessId = worker.ProcessId,
                Device = "",
                Backend = "",
                Started = now,
                Seconds = 0,
                End = "crashed",
                Reason = $"the worker was ended by signal {signal}",
            },
            options.Report
        );
    }
}
