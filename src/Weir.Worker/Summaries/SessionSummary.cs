using System.Globalization;
using Weir.Worker.Devices;
using Weir.Worker.Sessions;

namespace Weir.Worker.Summaries;

/// <summary>What is left of a session when it has ended: one JSON file, read by `weir doctor` and `weir demo`.</summary>
internal sealed record SessionSummary
{
    /// <summary>A name for the file; names sort by time.</summary>
    public static string NewId(DateTime time, int worker) =>
        string.Create(CultureInfo.InvariantCulture, $"{time:yyyyMMdd-HHmmss-fff}-{worker}");

    /// <summary>Format of this file; counted up when a field changes its meaning.</summary>
    public int Version { get; init; } = 1;

    /// <summary>Name of the file without its extension: start time and worker process id.</summary>
    public required string Id { get; init; }

    /// <summary>Path of the client's executable, empty when it could not be read.</summary>
    public required string Program { get; init; }

    /// <summary>The client's command line.</summary>
    public required IReadOnlyList<string> Arguments { get; init; }

    /// <summary>Process id of the client.</summary>
    public required int ProcessId { get; init; }

    /// <summary>Process id of the worker.</summary>
    public required int WorkerProcessId { get; init; }

    /// <summary>Name of the device as the client saw it.</summary>
    public required string Device { get; init; }

    /// <summary>"software" or "cuda".</summary>
    public required string Backend { get; init; }

    /// <summary>When the client attached, UTC.</summary>
    public required DateTime Started { get; init; }

    /// <summary>From attach to end, seconds.</summary>
    public required double Seconds { get; init; }

    /// <summary>How it ended: "closed", "violation" (with <see cref="Reason"/>) or "crashed".</summary>
    public required string End { get; init; }

    /// <summary>Why, when <see cref="End"/> is not "closed".</summary>
    public string? Reason { get; init; }

    /// <summary>Records that the client sent: posts and calls.</summary>
    public long Posts { get; init; }

    /// <inheritdoc cref="Posts"/>
    public long Calls { get; init; }

    /// <summary>Kernels: compiled (anew), taken from the disk cache, launches.</summary>
    public long KernelsCompiled { get; init; }

    /// <inheritdoc cref="KernelsCompiled"/>
    public long KernelsFromCache { get; init; }

    /// <inheritdoc cref="KernelsCompiled"/>
    public long KernelLaunches { get; init; }

    /// <summary>Time spent waiting for compilation, seconds.</summary>
    public double CompileSeconds { get; init; }

    /// <summary>Bytes copied from host to device, back, and within the device.</summary>
    public long BytesToDevice { get; init; }

    /// <inheritdoc cref="BytesToDevice"/>
    public long BytesToHost { get; init; }

    /// <inheritdoc cref="BytesToDevice"/>
    public long BytesOnDevice { get; init; }

    /// <summary>Bytes of device memory that were brought back to the device, and taken off it.</summary>
    public ulong PagedInBytes { get; init; }

    /// <inheritdoc cref="PagedInBytes"/>
    public ulong PagedOutBytes { get; init; }

    /// <summary>API calls that Weir has no answer for, by name, with how often they were made or asked for.</summary>
    public IReadOnlyDictionary<string, long> Refused { get; init; } = new Dictionary<string, long>();

    /// <summary>Names asked of cuGetProcAddress that Weir does not know, with how often.</summary>
    public IReadOnlyDictionary<string, long> Unknown { get; init; } = new Dictionary<string, long>();

    /// <summary>The first errors that calls returned, as "name: RESULT", at most 20.</summary>
    public IReadOnlyList<string> Errors { get; init; } = [];

    /// <summary>What is to be kept of a session that has just ended.</summary>
    public static SessionSummary Of(Session session, IDeviceBackend backend, ClientProgram client, DateTime started)
    {
        SessionStatistics counts = session.Statistics;
        DeviceCounts device = backend.Counts;
        return new SessionSummary
        {
            Id = SessionSummary.NewId(started, Environment.ProcessId),
            Program = client.Path,
            Arguments = client.Arguments,
            ProcessId = client.ProcessId,
            WorkerProcessId = Environment.ProcessId,
            Device = SnapshotBuilder.FirstName(session.Snapshot),
            Backend = backend.Name,
            Started = started,
            Seconds = (DateTime.UtcNow - started).TotalSeconds,
            End = session.Violation is null ? "closed" : "violation",
            Reason = session.Violation,
            Posts = counts.Posts,
            Calls = counts.Calls,
            KernelsCompiled = device.KernelsCompiled,
            KernelsFromCache = device.KernelsFromCache,
            CompileSeconds = device.CompileSeconds,
            KernelLaunches = counts.Launches,
            BytesToDevice = counts.BytesToDevice,
            BytesToHost = counts.BytesToHost,
            BytesOnDevice = counts.BytesOnDevice,
            PagedInBytes = device.PagedInBytes,
            PagedOutBytes = device.PagedOutBytes,
            Refused = MissingCalls.Refused(session),
            Unknown = MissingCalls.Unknown(session),
            Errors = counts.Errors,
        };
    }
}
