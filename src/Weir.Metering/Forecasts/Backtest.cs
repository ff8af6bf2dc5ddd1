namespace Weir.Metering.Forecasts;

/// <summary>How well forecasts would have done, at rolling origins, each made only from what was known then.</summary>
/// <param name="Mase">Mean error ÷ mean error of repeating the last season, over the same steps: below 1 is better than that.</param>
/// <param name="Error">Mean error, in the series' unit.</param>
/// <param name="NaiveError">The same of repeating the last season.</param>
/// <param name="Coverage">Part of what came that lay within the interval; 0.8 is meant.</param>
/// <param name="Pinball">Mean pinball loss over the three quantiles.</param>
public sealed record Backtest(double Mase, double Error, double NaiveError, double Coverage, double Pinball)
{
    /// <summary>Tests on the last part of a series.</summary>
    /// <param name="series">All of it.</param>
    /// <param name="first">Where the first origin lies.</param>
    /// <param name="stride">Steps between origins.</param>
    /// <param name="horizon">Steps that are forecast at each.</param>
    /// <param name="naiveSeason">The season that the yardstick repeats.</param>
    /// <param name="seasons">Seasons that the forecaster knows of.</param>
    public static Backtest Run(
        IReadOnlyList<double> series,
        int first,
        int stride,
        int horizon,
        int naiveSeason,
        params int[] seasons
    )
    {
        double[] all = [.. series];
        double error = 0;
        double naive = 0;
        double pinball = 0;
        int inside = 0;
        int count = 0;
        for (int origin = first; origin + horizon <= all.Length; origin += stride)
        {
            ForecastPoint[] said = new Forecaster(all[..origin], horizon, seasons).Next(horizon);
            double[] repeated = Forecaster.SeasonalNaive(all.AsSpan(0, origin), naiveSeason, horizon);
            for (int step = 0; step < horizon; step++)
            {
                double came = all[origin + step];
                ForecastPoint point = said[step];
                error += Math.Abs(came - point.Expected);
                naive += Math.Abs(came - repeated[step]);
                inside += came >= point.Low && came <= point.High ? 1 : 0;
                pinball +=
                    (Loss(0.1, came, point.Low) + Loss(0.5, came, point.Expected) + Loss(0.9, came, point.High)) / 3;
                count++;
            }
        }
        count = Math.Max(1, count);
        return new Backtest(
            naive > 0 ? error / naive : 1,
            error / count,
            naive / count,
            (double)inside / count,
            pinball / count
        );
    }

    private static double Loss(double quantile, double came, double said) =>
        Math.Max(quantile * (came - said), (quantile - 1) * (came - said));
}
