using FsCheck;
using FsCheck.Fluent;
using Weir.Metering.Debt;
using Weir.Metering.Usage;
using static Weir.Metering.Tests.Days;

namespace Weir.Metering.Tests;

/// <summary>What holds of every pool.</summary>
public class DebtPropertyTests
{
    private static readonly Config s_config = Config.QuickThrowOnFailure.WithMaxTest(150).WithReplay(20261121, 7);

    [Fact]
    public void The_parts_add_up_to_the_capacity_exactly_and_the_lines_lie_in_order() =>
        Prop.ForAll<int>(seed =>
            {
                DebtInput input = Random(new Random(seed));
                DebtParts total = default;
                DebtCalculator.Run(
                    input,
                    line =>
                    {
                        Assert.Equal(0, line.Parts.Residual);
                        Assert.All(line.Parts.Parts, part => Assert.True(part.Amount >= 0, part.Name));
                        total.Add(line.Parts);
                    }
                );
                Assert.Equal(0, total.Residual);
                Assert.Equal(Installed(input), total.Capacity);
                Assert.True(total.Capacity >= total.Allocated);
                Assert.True(total.Allocated >= total.Used);
                Assert.True(total.Used >= total.Useful);
                Assert.Equal(total.Debt, total.Parts.Sum(part => part.Amount));
            })
            .Check(s_config);

    [Fact]
    public void Steps_of_another_length_give_the_same_capacity_and_allocation() =>
        Prop.ForAll<int>(seed =>
            {
                DebtInput input = Random(new Random(seed)) with { Usage = [], Waiting = [], Typical = [] };
                DebtParts hours = DebtCalculator.Total(input);
                DebtParts minutes = DebtCalculator.Total(
                    input with
                    {
                        Grid = new TimeGrid(input.Grid.From, Minute, input.Grid.Count * 60),
                    }
                );
                Assert.Equal(hours.Capacity, minutes.Capacity);
                Assert.Equal(hours.Allocated, minutes.Allocated);
                Assert.Equal(hours.Down, minutes.Down);
            })
            .Check(s_config);

    private static long Installed(DebtInput input) =>
        input.Devices.Sum(device =>
            device.Spans.Sum(span =>
                1000 * Math.Max(0, Math.Min(span.To, input.Grid.To) - Math.Max(span.From, input.Grid.From))
            )
        );

    private static DebtInput Random(Random random)
    {
        int hours = random.Next(1, 6);
        long span = hours * Hour;
        List<DeviceTimeline> devices = [];
        List<Holding> holdings = [];
        List<UsageSeries> usage = [];
        for (int d = random.Next(1, 4); d > 0; d--)
        {
            string name = $"g{d}";
            long a = random.NextInt64(span);
            long b = random.NextInt64(a, span);
            devices.Add(Device(name, (0, a, random.Next(4) > 0), (a, b, random.Next(2) > 0), (b, span, true)));
            for (int h = random.Next(5); h > 0; h--)
            {
                // Over-committed at times.
                long from = random.NextInt64(span);
                int share = random.Next(1, 101);
                string lease = $"l{d}-{h}";
                holdings.Add(
                    Holding(
                        from,
                        random.NextInt64(from, span + 1),
                        share,
                        lease,
                        name,
                        random.NextInt64(80 * Gib),
                        random.Next(5) == 0
                    )
                );
                usage.Add(
                    Series(
                        random.Next(hours * 60 + 1),
                        _ => random.Next(3) == 0 ? 0 : random.Next(101),
                        _ => random.Next(3) == 0,
                        share,
                        random.NextInt64(80 * Gib),
                        lease,
                        name
                    )
                );
            }
        }
        List<Waiting> waiting =
        [
            .. Enumerable
                .Range(0, random.Next(4))
                .Select(_ => new Waiting(
                    "default",
                    Start + random.NextInt64(-Hour, span),
                    Start + random.NextInt64(span + Hour),
                    random.Next(1, 3),
                    random.Next(1, 101),
                    random.NextInt64(80 * Gib),
                    random.Next(2) == 0 ? null : "card",
                    "p"
                )),
        ];
        return new DebtInput(
            new TimeGrid(Start, Hour, hours),
            devices,
            holdings,
            usage,
            waiting,
            [new TypicalAsk(random.Next(1, 101), random.NextInt64(80 * Gib), 3), new TypicalAsk(10, Gib, 1)]
        );
    }
}
