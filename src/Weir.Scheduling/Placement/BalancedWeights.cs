namespace Weir.Scheduling.Placement;

/// <summary>Weights of <see cref="BalancedPolicy"/>; all amounts are in devices. Found by search on openb (docs/decisions).</summary>
internal sealed record BalancedWeights
{
    // Processors that tasks ask for per device, relative to what the cluster has: up to the first, devices run out
    // first; from the second on, processors do.
    private const double DevicesShort = 0.86;
    private const double CpuShort = 0.885;

    /// <summary>Of fragmentation, as FGD counts it.</summary>
    public double Fragmentation { get; init; }

    /// <summary>Of what typical tasks are expected to fill of a device's rest.</summary>
    public double Fill { get; init; }

    /// <summary>Of devices left without their share of processors.</summary>
    public double Stranded { get; init; }

    /// <summary>Of all that is left on the node, as best fit counts it.</summary>
    public double Rest { get; init; }

    /// <summary>Of an untouched node taken into use.</summary>
    public double OpenNode { get; init; }

    /// <summary>Of a free device taken for a fraction.</summary>
    public double OpenDevice { get; init; }

    /// <summary>A typical task counts by its size to this power; 0: all alike, as in FGD.</summary>
    public double SizeExponent { get; init; }

    /// <summary>Share of processors of a device, as a multiple of what typical tasks with devices ask on average.</summary>
    public double CpuPerDevice { get; init; }

    /// <summary>Differences below this are none.</summary>
    public double Step { get; init; }

    /// <summary>Of processors left without their devices, counted in the devices they could serve.</summary>
    public double SpareCpu { get; init; }

    /// <summary>Of processors that typical tasks without devices could no longer use.</summary>
    public double CpuFragmentation { get; init; }

    /// <summary>Such a task can use processors up to so many times its own demand.</summary>
    public double CpuOfFew { get; init; }

    /// <summary>For tasks without devices: of the processors left on the node.</summary>
    public double CpuRestWithoutDevices { get; init; }

    /// <summary>For tasks without devices: multiple of the weights of imbalance.</summary>
    public double ImbalanceWithoutDevices { get; init; }

    /// <summary>Where devices run out before processors.</summary>
    public static BalancedWeights ForScarceDevices { get; } =
        new()
        {
            Fragmentation = 0.82,
            Fill = 1.295,
            Stranded = 3.185,
            Rest = -0.019,
            OpenNode = -0.001,
            OpenDevice = 0.483,
            SizeExponent = -0.381,
            CpuPerDevice = 0.969,
            Step = 0.069,
            SpareCpu = 0.541,
            CpuFragmentation = -0.087,
            CpuOfFew = 8.681,
            CpuRestWithoutDevices = 0.688,
            ImbalanceWithoutDevices = 2.379,
        };

    /// <summary>Where processors run out as well: tasks without devices must not suffer.</summary>
    public static BalancedWeights ForScarceCpu { get; } =
        new()
        {
            Fragmentation = 1.035,
            Fill = 2.125,
            Stranded = 1.367,
            Rest = 0.341,
            OpenNode = -0.051,
            OpenDevice = 0.066,
            SizeExponent = 0.632,
            CpuPerDevice = 0.922,
            Step = 0.05,
            SpareCpu = 0.005,
            CpuFragmentation = 0.365,
            CpuOfFew = 2.348,
            CpuRestWithoutDevices = 0.234,
            ImbalanceWithoutDevices = 1.4,
        };

    /// <summary>Weights for a pressure on processors: demand per device relative to the cluster's processors per device.</summary>
    public static BalancedWeights For(double pressure)
    {
        double t = Math.Clamp((pressure - DevicesShort) / (CpuShort - DevicesShort), 0, 1);
        BalancedWeights a = ForScarceDevices;
        BalancedWeights b = ForScarceCpu;
        return new BalancedWeights
        {
            Fragmentation = Between(a.Fragmentation, b.Fragmentation, t),
            Fill = Between(a.Fill, b.Fill, t),
            Stranded = Between(a.Stranded, b.Stranded, t),
            Rest = Between(a.Rest, b.Rest, t),
            OpenNode = Between(a.OpenNode, b.OpenNode, t),
            OpenDevice = Between(a.OpenDevice, b.OpenDevice, t),
            SizeExponent = Between(a.SizeExponent, b.SizeExponent, t),
            CpuPerDevice = Between(a.CpuPerDevice, b.CpuPerDevice, t),
            Step = Between(a.Step, b.Step, t),
            SpareCpu = Between(a.SpareCpu, b.SpareCpu, t),
            CpuFragmentation = Between(a.CpuFragmentation, b.CpuFragmentation, t),
            CpuOfFew = Between(a.CpuOfFew, b.CpuOfFew, t),
            CpuRestWithoutDevices = Between(a.CpuRestWithoutDevices, b.CpuRestWithoutDevices, t),
            ImbalanceWithoutDevices = Between(a.ImbalanceWithoutDevices, b.ImbalanceWithoutDevices, t),
        };
    }

    private static double Between(double a, double b, double t) => a + t * (b - a);
}
