namespace Weir.Scheduling.Deciding;

/// <summary>Where a claim stands.</summary>
public enum ClaimPhase
{
    /// <summary>Never started, or lost its place with its node.</summary>
    Waiting,

    /// <summary>Its tasks have places.</summary>
    Running,

    /// <summary>Had places, was parked, waits to be resumed.</summary>
    Parked,
}

/// <summary>A claim with where it stands.</summary>
public sealed class ClaimState
{
    internal ClaimState(ClaimConfig config, int project, double now)
    {
        Config = config;
        MayPark = config.Preemptible;
        ParkBytes = config.ParkBytes;
        Project = project;
        Submitted = now;
        WaitingSince = now;
        Amount =
            config.Charge
            ?? new Fairness.Resources(config.Shape.TotalMilli, config.Shape.CpuMilli, config.Shape.MemoryMib)
                * config.Tasks;
    }

    /// <summary>What it asks for.</summary>
    public ClaimConfig Config { get; }

    /// <summary>Whether it may be parked for others now; at first as it was asked for.</summary>
    public bool MayPark { get; internal set; }

    /// <summary>What parking it costs by now, bytes, all tasks together; at first as it was asked for.</summary>
    public long ParkBytes { get; internal set; }

    /// <summary>Number of its project.</summary>
    public int Project { get; }

    /// <summary>What all its tasks count for in their project.</summary>
    public Fairness.Resources Amount { get; }

    /// <summary>When it came, seconds.</summary>
    public double Submitted { get; }

    /// <summary>Where it stands.</summary>
    public ClaimPhase Phase { get; internal set; }

    /// <summary>Since when it waits (waiting or parked), seconds.</summary>
    public double WaitingSince { get; internal set; }

    /// <summary>When it started last, seconds.</summary>
    public double Started { get; internal set; } = double.NaN;

    /// <summary>When it is expected to end, seconds; NaN: not known.</summary>
    public double ExpectedEnd { get; internal set; } = double.NaN;

    /// <summary>Times it was parked.</summary>
    public int TimesParked { get; internal set; }

    /// <summary>Slots of its tasks in the cluster's state; empty while it waits.</summary>
    public int[] Slots { get; internal set; } = [];

    /// <summary>Why it may not start although there is room, for people; null: it may.</summary>
    public string? Held { get; internal set; }

    /// <summary>Number of its task's shape in the placement engine, for its own pool and for all that it may use.</summary>
    internal int HomeShape { get; set; } = -1;

    /// <summary>The same for all pools that it may use.</summary>
    internal int WideShape { get; set; } = -1;

    /// <summary>True once it was looked at whether it can ever start.</summary>
    internal bool Checked { get; set; }

    /// <summary>The cluster's release count at which it was last found not to fit.</summary>
    internal long FailedAt { get; set; } = -1;
}
