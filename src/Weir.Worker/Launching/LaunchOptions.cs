using System.Globalization;
using Weir.Remote.Workers;

namespace Weir.Worker.Launching;

/// <summary>Command line of the launcher: what `weir run` was asked for.</summary>
internal sealed record LaunchOptions
{
    private static readonly TimeSpan s_snapshotEvery = TimeSpan.FromSeconds(30);

    /// <summary>"auto", "software" or "cuda".</summary>
    public string Device { get; private set; } = "auto";

    /// <summary>Device memory of the software device, bytes; null for its default.</summary>
    public long? MemoryBytes { get; private set; }

    /// <summary>Threads of the software device; null for all cores.</summary>
    public int? Threads { get; private set; }

    /// <summary>Promised share of the device's cores, percent; null for all.</summary>
    public int? Share { get; private set; }

    /// <summary>Absolute path of the page by which programs on one device keep to their shares, or null.</summary>
    public string? Arbiter { get; private set; }

    /// <summary>Absolute path that session summaries are appended to, or null.</summary>
    public string? Report { get; private set; }

    /// <summary>What to look at while kernels run: "check" or "profile"; null for nothing.</summary>
    public string? Observe { get; private set; }

    /// <summary>Absolute path that what was seen is appended to, or null.</summary>
    public string? Observations { get; private set; }

    /// <summary>Absolute path of a lease ticket, or null.</summary>
    public string? Lease { get; private set; }

    /// <summary>
    /// How memory is oversubscribed: options of workers with their values (--oversubscribe, --arena, --host-mem), checked.
    /// </summary>
    public IReadOnlyList<string> Paging { get; private set; } = [];

    /// <summary>How often sessions are written into images; null for never.</summary>
    public TimeSpan? SnapshotEvery { get; private set; }

    /// <summary>Absolute path of an image that the program's named memory and variables come from, or null.</summary>
    public string? From { get; private set; }

    /// <summary>What becomes of calls since the last image when a worker dies: "replay" or "fail"; null for the second.</summary>
    public string? OnLoss { get; private set; }

    /// <summary>Workers kept ready.</summary>
    public int Prewarm { get; private set; } = 1;

    /// <summary>The program and its arguments.</summary>
    public IReadOnlyList<string> Program { get; private set; } = [];

    /// <summary>
    /// Reads [OPTION VALUE | OPTION=VALUE]… [--] PROGRAM [ARGUMENT]…; the first word that is no option begins the program.
    /// </summary>
    /// <exception cref="FormatException">Says what was not understood.</exception>
    public static LaunchOptions Parse(IReadOnlyList<string> words)
    {
        var options = new LaunchOptions();
        int at = 0;
        while (at < words.Count && words[at].StartsWith('-') && words[at] != "--")
        {
            int equals = words[at].IndexOf('=');
            string name = equals < 0 ? words[at] : words[at][..equals];
            at += equals < 0 ? 1 : 0;
            string value =
                equals >= 0 ? words[at][(equals + 1)..]
                : at < words.Count ? words[at]
                : throw new FormatException($"{name} needs a value");
            switch (name)
            {
                case "--device":
                    options.Device = value is "auto" or "software" or "cuda"
                        ? value
                        : throw new FormatException($"--device takes auto, software or cuda, not {value}");
                    break;
                case "--mem":
                    options.MemoryBytes = ByteSize.Parse(value);
                    break;
                case "--threads":
                    options.Threads = Number(name, value, 1, 1024);
                    break;
                case "--prewarm":
                    options.Prewarm = Number(name, value, 0, 64);
                    break;
                case "--snapshot-every":
                    options.SnapshotEvery = Duration(name, value);
                    break;
                case "--from":
                    options.From = Absolute(value);
                    break;
                case "--on-loss":
                    options.OnLoss = value is StateOrder.Replay or StateOrder.Fail
                        ? value
                        : throw new FormatException($"--on-loss takes replay or fail, not {value}");
                    break;
                case "--lease":
                    options.Lease = Absolute(value);
                    break;
                case "--share":
                    options.Share = Number(name, value, 1, 100);
                    break;
                case "--arbiter":
                    options.Arbiter = Absolute(value);
                    break;
                case "--oversubscribe" or "--arena" or "--host-mem":
                    _ = Sessions.WorkerOptions.Parse([name, value]);
                    options.Paging = [.. options.Paging, name, value];
                    break;
                case "--observe":
                    options.Observe = value is "check" or "profile"
                        ? value
                        : throw new FormatException($"--observe takes check or profile, not {value}");
                    break;
                case "--observations":
                    options.Observations = Absolute(value);
                    break;
                case "--report":
                    options.Report = Absolute(value);
                    break;
                default:
                    throw new FormatException($"unknown option {name}");
            }
            at++;
        }
        if (at < words.Count && words[at] == "--")
        {
            at++;
        }
        // Calls can be done again only from an image on.
        options.SnapshotEvery ??= options.OnLoss is null ? null : s_snapshotEvery;
        options.Program = [.. words.Skip(at)];
        return options.Program.Count > 0 ? options : throw new FormatException("no program given");
    }

    private static string Absolute(string path) =>
        Path.IsPathRooted(path) ? path : Path.Combine(Environment.CurrentDirectory, path);

    private static TimeSpan Duration(string name, string value)
    {
        (string digits, double seconds) =
            value.EndsWith("ms", StringComparison.Ordinal) ? (value[..^2], 0.001)
            : value.EndsWith('s') ? (value[..^1], 1.0)
            : value.EndsWith('m') ? (value[..^1], 60.0)
            : value.EndsWith('h') ? (value[..^1], 3600.0)
            : (value, 1.0);
        return
            double.TryParse(digits, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number)
            && number * seconds is >= 0.01 and <= 86400
            ? TimeSpan.FromSeconds(number * seconds)
            : throw new FormatException($"{name} takes a time from 10ms to 24h, such as 30s or 5m, not {value}");
    }

    private static int Number(string name, string value, int least, int most) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int number)
        && number >= least
        && number <= most
            ? number
            : throw new FormatException($"{name} takes a number from {least} to {most}, not {value}");
}
