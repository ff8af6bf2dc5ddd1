using Weir.Posix;
using Weir.Remote.Workers;
using Weir.Wire;
using Weir.Worker.Attach;
using Weir.Worker.Devices;
using Weir.Worker.Logging;
using Weir.Worker.Observations;
using Weir.Worker.Portable;
using Weir.Worker.Remote;
using Weir.Worker.Replaying;
using Weir.Worker.Summaries;
using Libc = Weir.Posix.Libc;

namespace Weir.Worker.Sessions;

/// <summary>
/// The worker role: opens the device, tells the broker, waits for a client, serves its session, leaves the summary and
/// ends. While it has no client it ends with its broker; with one, with the client.
/// </summary>
internal sealed unsafe class WorkerProcess(WorkerOptions options)
{
    private readonly Supervisor _supervisor = new(options);
    private static readonly TimeSpan s_endLimit = TimeSpan.FromSeconds(2);

    /// <summary>Runs to the end of the session; the exit code.</summary>
    public int Run()
    {
        ProcessLimits.Apply(options.MemoryBytes);
        IDeviceBackend? backend = BackendChoice.Open(options, _supervisor.StartCompiler, out string reason);
        if (backend is null)
        {
            Log.Error($"no device: {reason}");
        }
        if (options.IsRemote)
        {
            _supervisor.Identify();
        }
        byte[] snapshot = backend?.Snapshot ?? [];
        _ = _supervisor.Tell(WorkerMessage.Ready, snapshot);
        int client = _supervisor.WaitForClient(ref backend);
        if (_supervisor.Door is not null && backend is not null)
        {
            return new RemoteRun(_supervisor, options, backend).Run();
        }
        if (client < 0)
        {
            return 0;
        }
        if (backend is null)
        {
            Attachment.RefuseNoDevice(client, reason);
            return 1;
        }
        DateTime started = DateTime.UtcNow;
        string program = "";
        SavedSession restored = default;
        ComingMemory memory = new();
        Session? session = _supervisor.Handed is { } handed
            ? TakeOver(handed, backend, memory, out restored)
            : Attachment.Greet(client, backend, out program);
        if (session is null)
        {
            return 0;
        }
        _ = UnixSocket.TryGetPeer(client, out PeerCredentials peer);
        ClientProgram description = ClientProgram.Describe(peer.Pid, program);
        if (_supervisor.Options.From is { } image && !Warm(session, image))
        {
            return 1;
        }
        if (_supervisor.Options.LogsCalls && session.Portable is not null)
        {
            session.CallLog ??= CallLog.Create();
            session.CallLog?.WhenFilling(() => _supervisor.Tell(WorkerMessage.LogFills));
        }
        var loop = new DispatchLoop(session);
        var states = new SessionControl(session, loop, _supervisor, description, restored, memory);
        states.Start();
        _supervisor.States = states;
        _supervisor.NoteUsage = () => _supervisor.WriteUsage(session, backend);
        loop.Start();
        _ = _supervisor.Tell(WorkerMessage.Attached);
        session.WhenFaulty(error => _supervisor.Tell(WorkerMessage.Fault, error.ToString()));
        WatchClient(client, peer.Pid, session, backend);
        backend.Stop();
        bool isQuiet = loop.WaitForEnd(s_endLimit);
        _supervisor.WriteUsage(session, backend);
        _ = _supervisor.Tell(WorkerMessage.Ended, session.Violation ?? "");
        if (options.Observations is { } file && backend.Observation is { } seen)
        {
            var observation = new SessionObservation
            {
                Program = description.Path,
                ProcessId = description.ProcessId,
                Device = seen,
            };
            SessionObservation.Write(observation, file);
        }
        SummaryStore.Write(SessionSummary.Of(session, backend, description, started), options.Report);
        if (!isQuiet)
        {
            Log.Error("the device still works for a client that has gone; the process ends with it");
        }
        // Nothing of the session is worth an orderly tear-down; memory, threads and mappings go with the process.
        Libc._exit(0);
        return 0;
    }

    private Session? TakeOver(HandedSession handed, IDeviceBackend backend, ComingMemory memory, out SavedSession saved)
    {
        saved = default;
        long start = System.Diagnostics.Stopwatch.GetTimestamp();
        try
        {
            Session session = SessionRestore.Take(handed, backend, memory, out StateReport report, out saved);
            if (report.LostCalls)
            {
                string why = report.Reason is { } reason ? $" and could not be done again ({reason})" : "";
                Log.Error($"calls were lost with the worker before this one{why}: the session's contexts have failed");
            }
            double milliseconds = System.Diagnostics.Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            _supervisor.Tell(WorkerMessage.Resumed, report with { PauseMilliseconds = milliseconds });
            return session;
        }
        catch (Exception failure)
            when (failure is IOException or UnauthorizedAccessException or ArgumentException or ProtocolException)
        {
            _supervisor.Tell(WorkerMessage.Refused, new StateReport { Reason = failure.Message });
            return null;
        }
    }

    // Before the first call; the launcher has looked at the image, so little can be wrong with it.
    private static bool Warm(Session session, string image)
    {
        try
        {
            session.Warm = WarmStart.Open(image);
            return true;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            Log.Error($"the session cannot begin from {image}: {failure.Message}");
            return false;
        }
    }

    // The socket carries nothing more: its end is the client's end. So is the end of its process: a child that it forked may
    // hold the socket open for longer.
    private void WatchClient(int client, int processId, Session session, IDeviceBackend backend)
    {
        int process = processId > 0 ? Libc.PidfdOpen(processId) : -1;
        int wake = -1;
        int* pair = stackalloc int[2];
        if (Libc.pipe2(pair, Libc.O_CLOEXEC) == 0)
        {
            wake = pair[0];
            int write = pair[1];
            session.WhenEnded(() => _ = Libc.close(write));
        }
        var entries = stackalloc PollEntry[4];
        entries[0] = new PollEntry { Descriptor = client, Events = Libc.POLLIN };
        entries[1] = new PollEntry { Descriptor = wake, Events = Libc.POLLIN };
        entries[2] = new PollEntry { Descriptor = process, Events = Libc.POLLIN };
        byte[] unexpected = new byte[64];
        while (!session.HasEnded)
        {
            entries[3] = new PollEntry { Descriptor = _supervisor.Readable, Events = Libc.POLLIN };
            if (Libc.poll(entries, 4, -1) > 0 && entries[2].Returned != 0)
            {
                session.End(null);
                return;
            }
            if (entries[3].Returned != 0)
            {
                _supervisor.Hear(session, backend);
            }
            if (entries[0].Returned == 0)
            {
                continue;
            }
            int length = UnixSocket.Receive(client, unexpected, out int descriptor, Libc.MSG_DONTWAIT);
            if (descriptor >= 0)
            {
                _ = Libc.close(descriptor);
            }
            if (length >= 0)
            {
                session.End(length == 0 ? null : "the client spoke on its socket after the greeting");
            }
        }
    }
}
