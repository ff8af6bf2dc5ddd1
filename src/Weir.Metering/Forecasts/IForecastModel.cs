namespace Weir.Metering.Forecasts;

/// <summary>A way to say what comes next.</summary>
internal interface IForecastModel
{
    /// <summary>For people.</summary>
    string Name { get; }

    /// <summary>The next steps.</summary>
    double[] Forecast(ReadOnlySpan<double> history, int steps);
}

/// <summary>What was a season ago comes again; a season of one is the last value.</summary>
/// <param name="season">Its length, steps.</param>
internal sealed class RepeatModel(int season) : IForecastModel
{
    public string Name => season == 1 ? "the last value" : $"as {season} steps ago";

    public double[] Forecast(ReadOnlySpan<double> history, int steps)
    {
        var said = new double[steps];
        int known = Math.Min(season, history.Length);
        for (int step = 0; step < steps; step++)
        {
            said[step] = history[history.Length - known + step % known];
        }
        return said;
    }
}

/// <summary>
/// The mean of past seasons, of which the newer count more; plus how far the last values lie from it, which fades with the distance; plus, where
/// that is asked for, a slope that fades.
/// </summary>
/// <param name="seasons">Lengths of seasons, the shortest first; none: the mean of all.</param>
/// <param name="keep">Part of the deviation that is left after a step.</param>
/// <param name="memory">Weight of a season against the one after it.</param>
/// <param name="damping">Part of the slope that is left after a step; 0: no slope.</param>
internal sealed class ProfileModel(int[] seasons, double keep, double memory, double damping) : IForecastModel
{
    public string Name => (keep == 0 ? "mean season" : "mean season and level") + (damping > 0 ? " and trend" : "");

    public double[] Forecast(ReadOnlySpan<double> history, int steps)
    {
        // The longest season that the past has twice.
        int season = 1;
        foreach (int one in seasons)
        {
            season = 2 * one <= history.Length ? one : season;
        }
        double[] profile = Profile(history, season);
        int window = Math.Clamp(season == 1 ? 5 : Math.Min(season, 24) / 4, 1, history.Length);
        double deviation = 0;
        double weight = 0;
        for (int back = 1; back <= window; back++)
        {
            double each = Math.Pow(0.7, back - 1);
            int at = history.Length - back;
            deviation += each * (history[at] - profile[at % season]);
            weight += each;
        }
        deviation /= weight;
        double slope = damping > 0 ? Slope(history, season) : 0;
        var said = new double[steps];
        double left = deviation;
        double drift = 0;
        double fade = 1;
        for (int step = 0; step < steps; step++)
        {
            left *= keep;
            fade *= damping;
            drift += slope * fade;
            said[step] = profile[(history.Length + step) % season] + left + drift;
        }
        return said;
    }

    // By place in the season, counted from the beginning of the history.
    private double[] Profile(ReadOnlySpan<double> history, int season)
    {
        var sums = new double[season];
        var weights = new double[season];
        for (int at = 0; at < history.Length; at++)
        {
            double weight = Math.Pow(memory, (history.Length - 1 - at) / Math.Max(season, 24));
            sums[at % season] += weight * history[at];
            weights[at % season] += weight;
        }
        for (int i = 0; i < season; i++)
        {
            sums[i] /= Math.Max(weights[i], double.Epsilon);
        }
        return sums;
    }

    // Of the means of the last seasons, per step: the median of all pairs' slopes, which one odd season does not move.
    private static double Slope(ReadOnlySpan<double> history, int season)
    {
        int length = Math.Max(season, 7);
        int count = Math.Min(history.Length / length, 12);
        if (count < 3)
        {
            return 0;
        }
        var means = new double[count];
        for (int i = 0; i < count; i++)
        {
            foreach (double value in history.Slice(history.Length - (count - i) * length, length))
            {
                means[i] += value / length;
            }
        }
        List<double> slopes = [];
        for (int a = 0; a < count; a++)
        {
            for (int b = a + 1; b < count; b++)
            {
                slopes.Add((means[b] - means[a]) / (b - a) / length);
            }
        }
        slopes.Sort();
        return slopes[slopes.Count / 2];
    }
}
