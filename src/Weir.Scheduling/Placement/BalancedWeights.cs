namespace Weir.Scheduling.Placement;

/// <summary>Weights of <see cref="BalancedPolicy"/>; all amounts are in devices. Found by search on openb (docs/decisions).</summary>
internal sealed record BalancedWeights
{
    // Processors that tasks ask for per device, relative to what the cluster has. Up to the first, devices run out
    // first; from the second to the third both do; from the last on, processors do.
    private const double DevicesShort = 0.86;
    private const double BothFrom = 0.885;
    private const double BothTo = 0.93;
    private const double CpuShort = 1.0;

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

    /// <summary>Where both run out at about the same time: tasks without devices must not suffer.</summary>
    public static BalancedWeights ForBothScarce { get; } =
        new()
        {
            Fragmentation = 1.035,
            Fill = 2.125,
            Stranded = 0.41,
            Rest = 0.341,
            OpenNode = -0.051,
            OpenDevice = 0.068,
            SizeExponent = 0.593,
            CpuPerDevice = 0.922,
            Step = 0.05,
            SpareCpu = 0.005,
            CpuFragmentation = 0.4,
            CpuOfFew = 2.348,
            CpuRestWithoutDevices = 0.234,
            ImbalanceWithoutDevices = 0.5,
        };

    /// <summary>Where processors run out first.</summary>
    public static BalancedWeights ForScarceCpu { get; } =
        new()
        {
            Fragmentation = 1.035,
            Fill = 2.125,
            Stranded = 1.367,
            Rest = 0.341,
            OpenNode = -0.051,
            OpenDevice = 0.068,
            SizeExponent = 0.593,
            CpuPerDevice = 0.922,
            Step = 0.05,
            SpareCpu = 0.005,
            CpuFragmentation = 0.365,
            CpuOfFew = 1.74,
            CpuRestWithoutDevices = 0.234,
            ImbalanceWithoutDevices = 1.272,
        };

    /// <summary>Weights for a pressure on processors: demand per device relative to the cluster's processors per device.</summary>
    public static BalancedWeights For(double pressure)
    {
        return pressure < BothTo
            ? Between(ForScarceDevices, ForBothScarce, (pressure - DevicesShort) / (BothFrom - DevicesShort))
            : Between(ForBothScarce, ForScarceCpu, (pressure - BothTo) / (CpuShort - BothTo));
    }

    private static BalancedWeights Between(BalancedWeights a, BalancedWeights b, double t)
    {
        t = Math.Clamp(t, 0, 1);
        return new BalancedWeights
        {
            Fragmentation = a.Fragmentation + t * (b.Fragmentation - a.Fragmentation),
            Fill = a.Fill + t * (b.Fill - a.Fill),
            Stranded = a.Stranded + t * (b.Stranded - a.Stranded),
            Rest = a.Rest + t * (b.Rest - a.Rest),
            OpenNode = a.OpenNode + t * (b.OpenNode - a.OpenNode),
            OpenDevice = a.OpenDevice + t * (b.OpenDevice - a.OpenDevice),
            SizeExponent = a.SizeExponent + t * (b.SizeExponent - a.SizeExponent),
            CpuPerDevice = a.CpuPerDevice + t * (b.CpuPerDevice - a.CpuPerDevice),
            Step = a.Step + t * (b.Step - a.Step),
            SpareCpu = a.SpareCpu + t * (b.SpareCpu - a.SpareCpu),
            CpuFragmentation = a.CpuFragmentation + t * (b.CpuFragmentation - a.CpuFragmentation),
            CpuOfFew = a.CpuOfFew + t * (b.CpuOfFew - a.CpuOfFew),
            CpuRestWithoutDevices = a.CpuRestWithoutDevices + t * (b.CpuRestWithoutDevices - a.CpuRestWithoutDevices),
            ImbalanceWithoutDevices =
                a.ImbalanceWithoutDevices + t * (b.ImbalanceWithoutDevices - a.ImbalanceWithoutDevices),
        };
    }
}
