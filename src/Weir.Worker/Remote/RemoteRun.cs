using Weir.Posix;
using Weir.Remote.Workers;
using Weir.Worker.Devices;
using Weir.Worker.Logging;
using Weir.Worker.Portable;
using Weir.Worker.Sessions;
using Weir.Worker.Summaries;

namespace Weir.Worker.Remote;

/// <summary>
/// The worker role from the moment on that a client on another node is to be expected: connections keep coming from the agent while the session
/// is greeted and served.
/// </summary>
internal sealed unsafe class RemoteRun(Supervisor supervisor, WorkerOptions options, IDeviceBackend backend)
{
    private static readonly TimeSpan s_endLimit = TimeSpan.FromSeconds(2);

    private readonly DateTime _started = DateTime.UtcNow;
    private volatile Session? _session;
    private volatile bool _isOver;

    // A session that came from another node is this worker's.
    private volatile bool _hasBegun;
    private RemoteGreeting? _greeting;
    private DispatchLoop? _loop;
    private ClientProgram? _program;
    private int _wake = -1;

    /// <summary>Runs to the end of the session; the exit code.</summary>
    public int Run()
    {
        int* pair = stackalloc int[2];
        if (Libc.pipe2(pair, Libc.O_CLOEXEC) != 0)
        {
            Log.Error($"no pipe: errno {Libc.Errno}");
            return 1;
        }
        _wake = pair[1];
        new Thread(Greet) { IsBackground = true, Name = "weir-greeting" }.Start();
        Watch(pair[0]);
        if (_session is not { } session)
        {
            return 0;
        }
        session.Remote!.Close(session.Violation);
        backend.Stop();
        bool isQuiet = _loop!.WaitForEnd(s_endLimit);
        supervisor.WriteUsage(session, backend);
        _ = supervisor.Tell(WorkerMessage.Ended, session.Violation ?? "");
        SummaryStore.Write(SessionSummary.Of(session, backend, _program!, _started), options.Report);
        if (!isQuiet)
        {
            Log.Error("the device still works for a client that has gone; the process ends with it");
        }
        Libc._exit(0);
        return 0;
    }

    private void Greet()
    {
        try
        {
            SavedSession saved = default;
            ComingMemory memory = new();
            RemoteDoor door = supervisor.Door!;
            RemoteTerms terms = supervisor.Terms!;
            _greeting = new RemoteGreeting(door, backend);
            Session? session = terms.Image is { } folder ? TakeOver(folder, memory, out saved) : _greeting.Greet();
            if (session is not null)
            {
                _program = new ClientProgram(
                    terms.Pid,
                    _greeting.Program.Length > 0 ? _greeting.Program : terms.Program,
                    []
                );
                _loop = new DispatchLoop(session);
                var states = new SessionControl(session, _loop, supervisor, _program, saved, memory);
                states.Start();
                supervisor.States = states;
                supervisor.NoteUsage = () => supervisor.WriteUsage(session, backend);
                _session = session;
                session.Remote!.Start();
                _loop.Start();
                if (terms.Image is null)
                {
                    _ = supervisor.Tell(WorkerMessage.Attached);
                }
                session.WhenFaulty(error => supervisor.Tell(WorkerMessage.Fault, error.ToString()));
                session.WhenEnded(WakeUp);
                return;
            }
        }
        catch (Exception failure)
        {
            Log.Error($"the worker failed: {failure}");
        }
        WakeUp();
    }

    // From an image; returns when the client's relay has come and says that the session is this worker's. Null: it is not.
    private Session? TakeOver(string folder, ComingMemory memory, out SavedSession saved)
    {
        saved = default;
        long start = System.Diagnostics.Stopwatch.GetTimestamp();
        try
        {
            Session session = SessionRestore.TakeRemote(supervisor.Door!, folder, backend, memory, out saved);
            supervisor.Tell(
                WorkerMessage.Resumed,
                new StateReport
                {
                    PauseMilliseconds = System.Diagnostics.Stopwatch.GetElapsedTime(start).TotalMilliseconds,
                }
            );
            var joining = new RemoteJoining(session, supervisor.Door!.Calls);
            return joining.Await(Begin) ? session : null;
        }
        catch (Exception failure)
            when (failure is IOException or UnauthorizedAccessException or ArgumentException or Wire.ProtocolException)
        {
            supervisor.Tell(WorkerMessage.Refused, new StateReport { Reason = failure.Message });
            return null;
        }
    }

    private void Begin()
    {
        _hasBegun = true;
        _ = supervisor.Tell(WorkerMessage.Attached);
    }

    private void WakeUp()
    {
        _isOver = true;
        byte nothing = 0;
        _ = Libc.write(_wake, &nothing, 1);
    }

    private void Watch(int woken)
    {
        var entries = stackalloc PollEntry[2];
        entries[0] = new PollEntry { Descriptor = woken, Events = Libc.POLLIN };
        while (!_isOver)
        {
            entries[1] = new PollEntry { Descriptor = supervisor.Readable, Events = Libc.POLLIN };
            if (Libc.poll(entries, 2, -1) > 0 && entries[1].Returned != 0)
            {
                supervisor.Hear(_session, backend);
                if (!_hasBegun && supervisor.Terms!.Image is not null && !supervisor.IsHeard)
                {
                    // What it has taken over is still another's, who goes on.
                    Libc._exit(0);
                }
            }
        }
    }
}
