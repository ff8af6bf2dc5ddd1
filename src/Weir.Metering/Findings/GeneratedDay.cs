using Weir.Metering.Debt;
using Weir.Metering.Usage;

namespace Weir.Metering.Findings;

/// <summary>
/// A day of a pool of which it is known what is wrong: programs of several habits, with noise, pauses, ramps and times of which nothing is
/// known. What detectors say of it shows how often they are right, and how much they miss.
/// </summary>
public sealed class GeneratedDay
{
    private const long Gib = 1L << 30;
    private const long Minute = 60_000;
    private const int Minutes = 12 * 60;

    private readonly Random _random;
    private readonly List<DeviceTimeline> _devices = [];
    private readonly List<Holding> _holdings = [];
    private readonly List<UsageSeries> _usage = [];
    private readonly List<Outcome> _outcomes = [];
    private readonly List<Waiting> _waiting = [];
    private readonly long _start = 20_000 * Retention.DayMs;

    private GeneratedDay(int seed) => _random = new Random(seed);

    /// <summary>What is known of it.</summary>
    public DebtInput Input { get; private set; } = null!;

    /// <summary>How its workloads ended.</summary>
    public IReadOnlyList<Outcome> Outcomes => _outcomes;

    /// <summary>What is wrong: detector and subject.</summary>
    public HashSet<(string Detector, string Subject)> Truth { get; } = [];

    /// <summary>Its end, Unix time in milliseconds.</summary>
    public long End => _start + Minutes * Minute;

    /// <summary>Makes one.</summary>
    /// <param name="seed">The same seed makes the same day.</param>
    /// <param name="leases">How many leases there are.</param>
    public static GeneratedDay Of(int seed, int leases)
    {
        var day = new GeneratedDay(seed);
        for (int i = 0; i < leases; i++)
        {
            day.AddLease($"l{i}");
        }
        day.AddWorkloads();
        day.AddQueue();
        // Held in order, so that nothing is stranded by accident.
        day.Input = new DebtInput(
            new TimeGrid(day._start, Minute, Minutes),
            day._devices,
            day._holdings,
            day._usage,
            day._waiting,
            []
        );
        return day;
    }

    private void AddLease(string name)
    {
        switch (_random.Next(12))
        {
            case 0 or 1 or 2:
                // Training: busy, short pauses for data and checkpoints.
                Add(name, 100, 72, m => _random.Next(12) == 0 ? 0 : Noise(82, 8), _ => Noise(62, 2), 30, 0.4);
                break;
            case 3:
                // Answers requests: quiet hours, bursts that need the whole slice.
                Add(name, 50, 40, m => m % 180 < 70 ? 0 : Noise(m % 37 == 0 ? 49 : 25, 9), _ => Noise(34, 1), 120, 0.3);
                break;
            case 4:
                // A notebook with somebody in front of it.
                int pause = _random.Next(20, 50);
                Add(name, 50, 40, m => m % pause < 8 ? Noise(46, 4) : 0, _ => Noise(30, 3), 60, 0.3);
                break;
            case 5:
                // A notebook that was left.
                int left = _random.Next(60, Minutes - 90);
                Add(name, 50, 40, m => m < left ? Noise(44, 6) : 0, _ => Noise(30, 3), 60, 0.2);
                Truth.Add(("idle-hold", name));
                break;
            case 6:
                // A whole device for a quarter of one.
                int need = _random.Next(15, 60);
                Add(name, 100, 80, _ => Noise(need, 4), _ => 80.0 * need / 110, 40, 0.3);
                Truth.Add(("over-ask-share", name));
                break;
            case 7:
                // Small in share, and memory for a whole device.
                Add(name, 40, 78, _ => Noise(34, 4), _ => _random.Next(10, 30), 40, 0.3);
                Truth.Add(("over-ask-memory", name));
                break;
            case 8:
                // Two devices, one used.
                Add(name, 100, 78, _ => Noise(88, 6), _ => 70, 30, 0.4);
                Add(name, 100, 78, _ => 0, _ => 1, 0, 0);
                Truth.Add(("unused-device", name));
                break;
            case 9:
                // Waits for its own loader: peaks of a batch, then nothing to do, one core full.
                Add(
                    name,
                    60,
                    48,
                    m => m % 3 == 0 ? Noise(58, 3) : Noise(14, 4),
                    _ => 40,
                    40,
                    0.97 + _random.NextDouble()
                );
                Truth.Add(("starved", name));
                break;
            case 10:
                // Tens of thousands of small kernels a second.
                Add(
                    name,
                    30,
                    24,
                    m => m % 4 == 0 ? Noise(25, 3) : Noise(9, 2),
                    _ => 20,
                    6000 + _random.Next(20_000),
                    0.95
                );
                Truth.Add(("launch-bound", name));
                break;
            default:
                // Leaks.
                double from = _random.Next(20, 40);
                Add(name, 50, 40, _ => Noise(46, 5), m => Math.Min(39.9, from + (39.6 - from) * m / Minutes), 60, 0.3);
                Truth.Add(("memory-full", name));
                break;
        }
    }

    private void AddWorkloads()
    {
        for (int program = 0; program < 6; program++)
        {
            bool isBroken = program < 2;
            int runs = _random.Next(4, 9);
            string last = "";
            for (int run = 0; run < runs; run++)
            {
                // One that works fails now and then, also twice in a row.
                bool fails = isBroken ? run >= runs - 4 : run is 1 or 2 && _random.Next(2) == 0;
                last = $"w{program}-{run}";
                _outcomes.Add(
                    new Outcome(last, "p", "u", $"job{program}", _start + run * 60 * Minute, fails, 3_600_000_000)
                );
            }
            if (isBroken)
            {
                Truth.Add(("failing", last));
            }
        }
    }

    private void AddQueue()
    {
        long since = End - _random.Next(61, 300) * Minute;
        _waiting.Add(new Waiting("batch", since, long.MaxValue, 2, 100, 0, null, "p"));
        Truth.Add(("queue-starved", $"p/batch/{since}"));
        _waiting.Add(new Waiting("batch", End - _random.Next(1, 58) * Minute, long.MaxValue, 1, 100, 0, null, "q"));
    }

    private double Noise(double mean, double spread) => Math.Max(0.2, mean + spread * (_random.NextDouble() * 2 - 1));

    private void Add(
        string lease,
        int share,
        double memoryGib,
        Func<int, double> busyPercent,
        Func<int, double> usedGib,
        double launchesPerSecond,
        double cores
    )
    {
        string uuid = $"g{_devices.Count}";
        _devices.Add(
            new DeviceTimeline(uuid, "n", "default", "Card", 80 * Gib, [new DeviceSpan(_start, long.MaxValue, true)])
        );
        _holdings.Add(
            new Holding(
                lease,
                uuid,
                "p",
                "u",
                null,
                "x",
                share,
                (long)(memoryGib * Gib),
                [(_start, long.MaxValue)],
                false
            )
        );
        long[] values = new long[Minutes * UsageFields.Count];
        // An agent is away for a while now and then.
        int awayFrom = _random.Next(5) == 0 ? _random.Next(Minutes) : Minutes;
        int awayTo = awayFrom + _random.Next(90);
        double peak = 0;
        for (int minute = 0; minute < Minutes; minute++)
        {
            double busy = busyPercent(minute);
            double memory = usedGib(minute);
            if (minute >= awayFrom && minute < awayTo)
            {
                continue;
            }
            peak = Math.Max(peak, memory);
            Span<long> bucket = values.AsSpan(minute * UsageFields.Count, UsageFields.Count);
            bucket[(int)UsageField.MeteredMs] = Minute;
            bucket[(int)UsageField.BusyUs] = (long)(busy * Minute * 10);
            bucket[(int)UsageField.UsedUs] = (long)(Math.Min(busy, share) * Minute * 10);
            bucket[(int)UsageField.IdleMs] = busy == 0 ? Minute : 0;
            bucket[(int)UsageField.PeakBusyPermille] = (long)(busy * 10);
            bucket[(int)UsageField.Launches] = busy == 0 ? 0 : (long)(launchesPerSecond * 60);
            bucket[(int)UsageField.HostMs] = (long)((busy == 0 ? 0.01 : cores) * Minute);
            bucket[(int)UsageField.PeakMemoryKib] = (long)(memory * Gib) >> 10;
            bucket[(int)UsageField.MemoryKibSeconds] = ((long)(memory * Gib) >> 10) * 60;
        }
        _usage.Add(new UsageSeries(lease, uuid, _start, Minute, values));
    }
}
