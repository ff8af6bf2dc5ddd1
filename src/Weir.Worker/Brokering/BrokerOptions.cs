using System.Globalization;
using Weir.Posix;
using Weir.Remote.Workers;

namespace Weir.Worker.Brokering;

/// <summary>What the launcher tells the broker, and the broker its workers: NAME VALUE pairs on their command lines.</summary>
internal sealed record BrokerOptions
{
    /// <summary>Descriptor of the listening socket.</summary>
    public int Listener { get; private set; } = -1;

    /// <summary>Descriptor (pidfd) of the main program.</summary>
    public int Program { get; private set; } = -1;

    /// <summary>Workers kept ready.</summary>
    public int Prewarm { get; private set; } = 1;

    /// <summary>File with the lease that the program runs on; null for devices of this machine without a pool.</summary>
    public string? Lease { get; private set; }

    /// <summary>File that summaries are appended to, or null.</summary>
    public string? Report { get; private set; }

    /// <summary>How often each session's state is written into an image, by which it is brought back when its worker dies; zero: never.</summary>
    public TimeSpan SnapshotEvery { get; private set; }

    /// <summary>What becomes of a session's calls since its last image when its worker dies (<see cref="Weir.Remote.Workers.StateOrder.Loss"/>).</summary>
    public string OnLoss { get; private set; } = StateOrder.Fail;

    /// <summary>File that workers append what they saw to, and the broker its end; or null.</summary>
    public string? Observations { get; private set; }

    /// <summary>The part that workers get too: --observe, --observations, --device, --memory, --threads, --share, --arbiter, --report with their values.</summary>
    public IReadOnlyList<string> ForWorkers { get; private set; } = [];

    /// <exception cref="FormatException">Says what was not understood.</exception>
    public static BrokerOptions Parse(IReadOnlyList<string> words)
    {
        var options = new BrokerOptions();
        List<string> forWorkers = [];
        for (int at = 0; at < words.Count; at += 2)
        {
            string name = words[at];
            string value = at + 1 < words.Count ? words[at + 1] : throw new FormatException($"{name} needs a value");
            switch (name)
            {
                case "--listener":
                    options.Listener = int.Parse(value, CultureInfo.InvariantCulture);
                    break;
                case "--program":
                    options.Program = int.Parse(value, CultureInfo.InvariantCulture);
                    break;
                case "--lease":
                    options.Lease = NativeText.ToDisplay(value);
                    break;
                case "--snapshot-every":
                    options.SnapshotEvery = TimeSpan.FromMilliseconds(long.Parse(value, CultureInfo.InvariantCulture));
                    break;
                case "--on-loss":
                    options.OnLoss = value;
                    forWorkers.AddRange(["--log-calls", value == StateOrder.Replay ? "1" : "0"]);
                    break;
                case "--prewarm":
                    options.Prewarm = int.Parse(value, CultureInfo.InvariantCulture);
                    break;
                case "--observe" or "--observations":
                    forWorkers.AddRange([name, value]);
                    options.Observations =
                        name == "--observations" ? NativeText.ToDisplay(value) : options.Observations;
                    break;
                case "--device" or "--memory" or "--threads" or "--share" or "--arbiter" or "--report":
                case "--oversubscribe" or "--arena" or "--host-mem" or "--from":
                    forWorkers.AddRange([name, value]);
                    options.Report = name == "--report" ? NativeText.ToDisplay(value) : options.Report;
                    break;
                default:
                    throw new FormatException($"unknown option {NativeText.ToDisplay(name)}");
            }
        }
        options.ForWorkers = forWorkers;
        return options.Listener >= 0 && options.Program >= 0
            ? options
            : throw new FormatException("--listener and --program are needed");
    }
}
