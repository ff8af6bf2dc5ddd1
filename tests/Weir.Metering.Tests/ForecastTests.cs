using Weir.Metering.Forecasts;

namespace Weir.Metering.Tests;

public class ForecastTests
{
    [Fact]
    public void A_day_that_repeats_is_known_exactly()
    {
        double[] week = [.. Enumerable.Range(0, 24 * 10).Select(hour => hour % 24 < 8 ? 3.0 : 9.0)];
        ForecastPoint[] next = new Forecaster(week, 48, 24).Next(48);
        Assert.All(Enumerable.Range(0, 48), hour => Assert.Equal(hour % 24 < 8 ? 3.0 : 9.0, next[hour].Expected, 6));
    }

    [Fact]
    public void Noise_on_a_season_is_averaged_which_repeating_the_last_one_does_not_and_intervals_hold_what_they_say()
    {
        var random = new Random(5);
        double[] series =
        [
            .. Enumerable
                .Range(0, 24 * 60)
                .Select(hour => 20 + 8 * Math.Sin(hour % 24 / 24.0 * 2 * Math.PI) + 4 * Normal(random)),
        ];
        Backtest test = Backtest.Run(series, 24 * 30, 97, 24, 24, 24, 168);
        Assert.InRange(test.Mase, 0.5, 0.85);
        Assert.InRange(test.Coverage, 0.7, 0.9);
    }

    [Fact]
    public void After_a_break_the_level_follows_and_a_trend_goes_on()
    {
        double[] broken = [.. Enumerable.Range(0, 200).Select(day => day < 150 ? 10.0 : 30.0)];
        Assert.Equal(30, new Forecaster(broken, 14, 7).Next(14)[13].Expected, 1);
        double[] growing = [.. Enumerable.Range(0, 200).Select(day => 10 + 0.5 * day)];
        Assert.InRange(new Forecaster(growing, 30, 7).Next(30)[29].Expected, 115, 130);
    }

    [Fact]
    public void A_past_of_hardly_anything_gives_a_forecast_without_a_claim()
    {
        ForecastPoint only = new Forecaster([4], 3, 24).Next(3)[2];
        Assert.Equal(4, only.Expected);
        ForecastPoint few = new Forecaster([4, 6], 3, 24).Next(3)[0];
        Assert.True(few.Low <= few.Expected && few.Expected <= few.High && few.Low >= 0);
        Assert.Throws<ArgumentException>(() => new Forecaster([], 3));
    }

    private static double Normal(Random random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
