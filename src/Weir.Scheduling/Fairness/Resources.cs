namespace Weir.Scheduling.Fairness;

/// <summary>Amounts of what is shared between projects.</summary>
/// <param name="DeviceMilli">Compute, thousandths of a device.</param>
/// <param name="CpuMilli">Processors, thousandths of a core.</param>
/// <param name="MemoryMib">Main memory, MiB.</param>
public readonly record struct Resources(long DeviceMilli, long CpuMilli, long MemoryMib)
{
    /// <summary>More than any cluster has; for "no limit".</summary>
    public const long Unlimited = long.MaxValue / 1024;

    /// <summary>No limit on anything.</summary>
    public static Resources All { get; } = new(Unlimited, Unlimited, Unlimited);

    /// <summary>Devices alone; processors and memory without limit.</summary>
    public static Resources Devices(double devices) => new((long)Math.Round(devices * 1000), Unlimited, Unlimited);

    /// <summary>True when no amount is larger than the other's.</summary>
    public bool Within(in Resources other) =>
        DeviceMilli <= other.DeviceMilli && CpuMilli <= other.CpuMilli && MemoryMib <= other.MemoryMib;

    /// <summary>Sum, never more than <see cref="Unlimited"/>.</summary>
    public static Resources operator +(in Resources left, in Resources right) =>
        new(
            Math.Min(Unlimited, left.DeviceMilli + right.DeviceMilli),
            Math.Min(Unlimited, left.CpuMilli + right.CpuMilli),
            Math.Min(Unlimited, left.MemoryMib + right.MemoryMib)
        );

    /// <summary>Difference.</summary>
    public static Resources operator -(in Resources left, in Resources right) =>
        new(left.DeviceMilli - right.DeviceMilli, left.CpuMilli - right.CpuMilli, left.MemoryMib - right.MemoryMib);

    /// <summary>So many times as much.</summary>
    public static Resources operator *(in Resources left, long times) =>
        new(left.DeviceMilli * times, left.CpuMilli * times, left.MemoryMib * times);

    /// <summary>The amount of a resource by number: 0 compute, 1 processors, 2 memory.</summary>
    public long this[int resource] =>
        resource switch
        {
            0 => DeviceMilli,
            1 => CpuMilli,
            _ => MemoryMib,
        };
}
