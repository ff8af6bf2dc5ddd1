using System.Globalization;
using Weir.Devices.Software.Observing;
using Weir.Posix;
using Weir.Worker.Launching;

namespace Weir.Worker.Sessions;

/// <summary>Command line of the worker role.</summary>
internal sealed record WorkerOptions
{
    /// <summary>"auto", "software" or "cuda".</summary>
    public string Device { get; private set; } = "auto";

    /// <summary>Device memory of the software device, bytes; null for its default.</summary>
    public ulong? MemoryBytes { get; private set; }

    /// <summary>Threads of the software device; null for all cores.</summary>
    public int? Threads { get; private set; }

    /// <summary>File that summaries are appended to, or null.</summary>
    public string? Report { get; private set; }

    /// <summary>Tells the software device from others; null for one that is the same on every machine.</summary>
    public Guid? Uuid { get; private set; }

    /// <summary>
    /// Started by a node's agent: descriptor 4 listens for the agent that comes after this one, and the session outlives it.
    /// </summary>
    public bool IsPooled { get; private set; }

    /// <summary>The client may be on another node: the worker has a certificate for it.</summary>
    public bool IsRemote { get; private set; }

    /// <summary>This session's place in the lease's page.</summary>
    public int Slot { get; private set; }

    /// <summary>Promised share of the device's cores, percent; means something only with <see cref="Arbiter"/>.</summary>
    public int Share { get; private set; } = 100;

    /// <summary>
    /// The device's page, shared by all of its workers: a path, or the number of an inherited descriptor; null when the
    /// device is nobody else's.
    /// </summary>
    public string? Arbiter { get; private set; }

    /// <summary>Whose share it is: sessions of the same name have it together; null for a share of one's own.</summary>
    public string? Account { get; private set; }

    /// <summary>
    /// Memory that the device really has, bytes, when sessions share it as a cache (with <see cref="Arbiter"/>) or one session may use
    /// more than it; null: what is allocated stays on the device.
    /// </summary>
    public ulong? ArenaBytes { get; private set; }

    /// <summary>What a session may allocate, as a multiple of the device's memory.</summary>
    public double Oversubscription { get; private set; } = 1;

    /// <summary>Host memory for what is not on the device, bytes; the rest goes to a file. Null: no limit.</summary>
    public ulong? HostMemoryBytes { get; private set; }

    /// <summary>Folder of an image whose named memory and variables a new session finds; null for none.</summary>
    public string? From { get; private set; }

    /// <summary>Sessions keep a log of their calls, by which they are done again after a worker's death.</summary>
    public bool LogsCalls { get; private set; }

    /// <summary>What to look at while kernels run; software device only.</summary>
    public ObservationKind Observe { get; private set; }

    /// <summary>File that what was seen is appended to, or null.</summary>
    public string? Observations { get; private set; }

    /// <exception cref="FormatException">Says what was not understood.</exception>
    public static WorkerOptions Parse(IReadOnlyList<string> words) => new WorkerOptions().With(words);

    /// <summary>These options with others over them.</summary>
    /// <exception cref="FormatException">Says what was not understood.</exception>
    public WorkerOptions With(IReadOnlyList<string> words)
    {
        WorkerOptions options = this with { };
        for (int at = 0; at < words.Count; at += 2)
        {
            string value =
                at + 1 < words.Count ? words[at + 1] : throw new FormatException($"{words[at]} needs a value");
            switch (words[at])
            {
                case "--device":
                    options.Device = value;
                    break;
                case "--memory":
                    options.MemoryBytes = ulong.Parse(value, CultureInfo.InvariantCulture);
                    break;
                case "--mem":
                    options.MemoryBytes = (ulong)ByteSize.Parse(value);
                    break;
                case "--threads":
                    options.Threads = int.Parse(value, CultureInfo.InvariantCulture);
                    break;
                case "--uuid":
                    options.Uuid = Guid.TryParse(
                        value.StartsWith("GPU-", StringComparison.Ordinal) ? value[4..] : value,
                        out Guid uuid
                    )
                        ? uuid
                        : throw new FormatException(
                            $"--uuid takes GPU-xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx, not {value}"
                        );
                    break;
                case "--pooled":
                    options.IsPooled = value == "1";
                    break;
                case "--remote":
                    options.IsRemote = value == "1";
                    break;
                case "--slot":
                    options.Slot = int.Parse(value, CultureInfo.InvariantCulture);
                    break;
                case "--share":
                    options.Share =
                        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int share)
                        && share is >= 1 and <= 100
                            ? share
                            : throw new FormatException($"--share takes a percentage from 1 to 100, not {value}");
                    break;
                case "--arbiter":
                    options.Arbiter = value;
                    break;
                case "--arena":
                    options.ArenaBytes = (ulong)ByteSize.Parse(value);
                    break;
                case "--oversubscribe":
                    options.Oversubscription =
                        double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out double factor)
                        && factor is >= 1 and <= 8
                            ? factor
                            : throw new FormatException($"--oversubscribe takes a factor from 1 to 8, not {value}");
                    break;
                case "--host-mem":
                    options.HostMemoryBytes = (ulong)ByteSize.Parse(value);
                    break;
                case "--from":
                    options.From = NativeText.ToDisplay(value);
                    break;
                case "--log-calls":
                    options.LogsCalls = value == "1";
                    break;
                case "--account":
                    options.Account = NativeText.ToDisplay(value);
                    break;
                case "--observe":
                    options.Observe = value switch
                    {
                        "check" => ObservationKind.Check,
                        "profile" => ObservationKind.Profile,
                        _ => throw new FormatException($"--observe takes check or profile, not {value}"),
                    };
                    break;
                case "--observations":
                    options.Observations = NativeText.ToDisplay(value);
                    break;
                case "--report":
                    options.Report = NativeText.ToDisplay(value);
                    break;
                default:
                    throw new FormatException($"unknown option {NativeText.ToDisplay(words[at])}");
            }
        }
        return options;
    }
}
