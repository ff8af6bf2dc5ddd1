using Weir.Metering.Money;
using Weir.Metering.Usage;

namespace Weir.Metering.Tests;

public class MoneyTests
{
    [Fact]
    public void Prices_hold_for_their_model_their_time_and_their_hours()
    {
        var list = new PriceList(
            "EUR",
            [
                new PriceEntry("a100", 1.5m, FromHour: 22, ToHour: 6),
                new PriceEntry("A100", 2m, From: 1000),
                new PriceEntry("*", 1m, To: 1000),
            ]
        );
        Assert.Null(list.Problem());
        Assert.Equal(1.5m, list.Find("NVIDIA A100-80GB", At(23))!.PerHour);
        Assert.Equal(1.5m, list.Find("NVIDIA A100-80GB", At(5))!.PerHour);
        Assert.Equal(2m, list.Find("NVIDIA A100-80GB", At(6))!.PerHour);
        // Nothing covers it: it is not known, and not free.
        Assert.Null(list.PerMicrosecond("H100", At(6)));
        Assert.Equal(1m, list.Find("H100", 0)!.PerHour);
    }

    [Theory]
    [InlineData("euro", 1, 0, 24)]
    [InlineData("EUR", -1, 0, 24)]
    [InlineData("EUR", 1, 25, 24)]
    public void A_list_that_cannot_be_meant_is_refused(string currency, int price, int fromHour, int toHour) =>
        Assert.NotNull(
            new PriceList(currency, [new PriceEntry("*", price, null, null, null, fromHour, toHour)]).Problem()
        );

    [Fact]
    public void Energy_lies_between_idle_and_full()
    {
        var model = new EnergyModel(100, 300, 1.5, [400]);
        long hour = Days.DeviceHour;
        Assert.Equal(0.15, model.KilowattHours(hour, 0), 9);
        Assert.Equal(0.45, model.KilowattHours(hour, hour), 9);
        Assert.Equal(0.3, model.KilowattHours(hour, hour / 2), 9);
        Assert.Equal(0.12, model.Kilograms(0.3, 17), 9);
        Assert.NotNull((model with { Pue = 0.5 }).Problem());
        Assert.NotNull((model with { GramsPerKwh = [1, 2] }).Problem());
    }

    [Fact]
    public void The_past_is_asked_as_finely_as_it_is_kept()
    {
        var keep = new Retention();
        long now = Days.Start;
        Assert.Equal("raw", Resolution.For(now - 10 * Days.Minute, now, now, keep).Name);
        Assert.Equal("minutes", Resolution.For(now - Days.Hour * 3, now, now, keep).Name);
        Assert.Equal("hours", Resolution.For(now - 7 * Retention.DayMs, now, now, keep).Name);
        Assert.Equal("days", Resolution.For(now - 90 * Retention.DayMs, now, now, keep).Name);
        // Ten minutes of last month are known by the minute no more.
        long then = now - 40 * Retention.DayMs;
        Assert.Equal("hours", Resolution.For(then, then + 10 * Days.Minute, now, keep).Name);
    }

    private static long At(int hour) => Days.Start + hour * Days.Hour;
}
