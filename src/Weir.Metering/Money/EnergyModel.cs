namespace Weir.Metering.Money;

/// <summary>
/// Energy and carbon: power of a device between idle and full by how busy it is, times what the building needs beside it (PUE), times what the
/// grid emits at that hour. Measured energy, where a driver tells it, is to be preferred; this says how much it is about.
/// </summary>
/// <param name="IdleWatts">Of one device that does nothing.</param>
/// <param name="FullWatts">Of one that is busy all the time.</param>
/// <param name="Pue">Power of the site ÷ power of its machines: 1.1 for new sites, 2.2 for old ones.</param>
/// <param name="GramsPerKwh">Of CO₂ equivalents, by hour of the day (UTC): one value, or 24.</param>
public sealed record EnergyModel(double IdleWatts, double FullWatts, double Pue, IReadOnlyList<double> GramsPerKwh)
{
    private const double MicrosecondsPerHour = 3.6e9;

    /// <summary>A card of 300 W in a site of today, on the world's average grid (475 g/kWh).</summary>
    public static EnergyModel Default { get; } = new(60, 300, 1.4, [475]);

    /// <summary>What is wrong with it; null: nothing.</summary>
    public string? Problem() =>
        IdleWatts < 0 || FullWatts < IdleWatts
            ? "a device needs at least as much power busy as idle, and no less than none"
        : Pue is < 1 or > 10 ? $"a PUE is 1 or more, and {Pue} is not likely"
        : GramsPerKwh.Count is not (1 or 24) || GramsPerKwh.Any(grams => grams < 0)
            ? "grams per kWh are one value, or 24, by the hour of the day"
        : null;

    /// <summary>Energy of devices, kWh, with what the building needs.</summary>
    /// <param name="present">Microseconds that devices were there.</param>
    /// <param name="busy">The part of it that they worked.</param>
    public double KilowattHours(long present, long busy) =>
        Pue * (IdleWatts * present + (FullWatts - IdleWatts) * Math.Min(busy, present)) / MicrosecondsPerHour / 1000;

    /// <summary>Carbon of energy, kg, at an hour of the day.</summary>
    public double Kilograms(double kilowattHours, int hour) =>
        kilowattHours * GramsPerKwh[GramsPerKwh.Count == 1 ? 0 : hour % 24] / 1000;
}
